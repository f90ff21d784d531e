"""All generated pages, and their place in the navigation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from rolefit_docs import fragments
from rolefit_docs.contract_pages import message_pages, service_pages
from rolefit_docs.guide_pages import ClaimsPage, CodesPage, ConventionsPage, PathsPage
from rolefit_docs.links import Linker, Links
from rolefit_docs.page import Page
from rolefit_docs.rule_pages import rule_pages
from rolefit_docs.sources import Sources

Nav: TypeAlias = "Sequence[Mapping[str, str | Nav]]"


class Site:
    """The generated part of the documentation.

    Args:
        root: The folder of the project.

    Raises:
        RulesetError: The rules cannot be used.
        RuntimeError: The contract does not compile.
    """

    def __init__(self, root: Path):
        self._sources = Sources.read(root)
        self._links = Links()
        self._services = service_pages(self._sources)
        self._messages = message_pages(self._sources)
        self._guide: list[Page] = [
            PathsPage(self._sources),
            ClaimsPage(self._sources),
            CodesPage(self._sources),
            ConventionsPage(self._sources),
        ]
        self._rules = rule_pages(self._sources)
        for page in self._pages:
            page.register(self._links)

    @property
    def _pages(self) -> list[Page]:
        return [*self._services, *self._messages, *self._guide, *self._rules]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Path from `docs/` and Markdown of every generated page."""
        for page in self._pages:
            yield page.uri, page.render(Linker(self._links, page.uri))

    def navigation(self) -> Nav:
        """The part of the navigation that holds them."""
        return [
            {"API": [*_entries(self._services), {"Messages": _entries(self._messages)}]},
            {"Rule set": [*_entries(self._guide), {"Rules": _entries(self._rules)}]},
        ]

    def fill(self, uri: str, text: str) -> str:
        """A hand-written page with its generated parts in place.

        Raises:
            KeyError: A marker names no fragment.
        """
        return fragments.fill(text, self._sources, Linker(self._links, uri))


def _entries(pages: Sequence[Page]) -> list[dict[str, str]]:
    return [{page.title: page.uri} for page in pages]
