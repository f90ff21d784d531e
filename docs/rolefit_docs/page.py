"""What every generated page has."""

from __future__ import annotations

import abc

from rolefit_docs.links import Linker, Links


class Page(abc.ABC):
    """A page that is written anew by each build.

    Attributes:
        uri: Its Markdown file, as a path from `docs/`.
        title: What the navigation calls it.
    """

    uri: str
    title: str

    def register(self, links: Links) -> None:
        """Note the anchors of this page, if it has any; all pages do before any is rendered."""
        return

    @abc.abstractmethod
    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
