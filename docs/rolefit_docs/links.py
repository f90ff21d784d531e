"""Where everything is documented, and how one page links to it."""

from __future__ import annotations

import enum
import posixpath
import re
from collections.abc import Iterable

from rolefit_docs.markdown import code, escaped, link


class Kind(enum.Enum):
    """Sorts of things that have an anchor; names are unique within each."""

    SYMBOL = "symbol"  # of the contract: a message, Message.field, an enum, a value, an RPC
    PROFILE_FIELD = "profile field"  # such as publications.top_tier_papers
    RULE = "rule"
    SIGNAL = "signal"
    CODE = "code"
    CLAIM = "claim"
    CATALOGUE = "catalogue"  # "ML_ENGINEER", or with a section: "ML_ENGINEER scope"
    DIMENSION = "dimension"
    BAND = "pay band"  # such as "ML_ENGINEER MID"


class Links:
    """The anchors of all pages."""

    def __init__(self) -> None:
        self._targets: dict[tuple[Kind, str], tuple[str, str]] = {}

    def add(self, kind: Kind, name: str, page: str, anchor: str) -> None:
        """Note that `name` is documented on `page`, a path from `docs/`, at `anchor`.

        Raises:
            ValueError: It is documented somewhere else already.
        """
        if self._targets.setdefault((kind, name), (page, anchor)) != (page, anchor):
            raise ValueError(f"{kind.value} {name} has two places")

    def find(self, kind: Kind, name: str) -> tuple[str, str] | None:
        """Page and anchor of a thing, if it has them."""
        return self._targets.get((kind, name))


# Names that proto comments mention. A word such as "Path" is none: it is a word, too.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._][A-Za-z0-9]+)*")
_HOLE = re.compile(r"(\{[^{}]*\})")
_IN_COMMENTS = (Kind.SYMBOL, Kind.PROFILE_FIELD, Kind.CODE, Kind.CLAIM)


class Linker:
    """Writes links from one page.

    Args:
        links: All anchors.
        page: Where the links will stand, as a path from `docs/`.
    """

    def __init__(self, links: Links, page: str):
        self._links = links
        self._folder = posixpath.dirname(page)
        self._page = page

    def href(self, page: str, anchor: str = "") -> str:
        """The address of an anchor of a page."""
        relative = "" if page == self._page else posixpath.relpath(page, self._folder or ".")
        return f"{relative}#{anchor}" if anchor else relative

    def knows(self, kind: Kind, name: str) -> bool:
        """Say whether a thing is documented anywhere."""
        return self._links.find(kind, name) is not None

    def to(self, kind: Kind, name: str, label: str = "") -> str:
        """A link to a thing.

        Raises:
            KeyError: It is documented nowhere.
        """
        target = self._links.find(kind, name)
        if target is None:
            raise KeyError(f"{kind.value} {name} is documented nowhere")
        # A claim is a number, all else is a name that somebody may have to type.
        shown = name if kind is Kind.CLAIM else code(name)
        return link(label or shown, self.href(*target))

    def all_to(self, kind: Kind, names: Iterable[str]) -> str:
        """Links to several things of a sort."""
        return ", ".join(self.to(kind, name) for name in names)

    def type(self, name: str) -> str:
        """The name of a type, as a link if it is one of the contract's."""
        if self.knows(Kind.SYMBOL, name):
            return self.to(Kind.SYMBOL, name)
        return code(name)

    def prose(self, text: str) -> str:
        """Plain text, with the names in it as links or code."""
        parts = []
        end = 0
        for match in _NAME.finditer(text):
            parts.append(escaped(text[end : match.start()]))
            parts.append(self._word(match[0]))
            end = match.end()
        return "".join((*parts, escaped(text[end:])))

    def template(self, text: str) -> str:
        """A sentence of a rule, with what is filled in as code."""
        parts = _HOLE.split(text)
        return "".join(code(part) if part[:1] == "{" else escaped(part) for part in parts)

    def _word(self, word: str) -> str:
        if not _looks_like_a_name(word):
            return escaped(word)
        for kind in _IN_COMMENTS:
            if self.knows(kind, word):
                return self.to(kind, word)
        return code(word) if "_" in word or word.startswith("google.") else escaped(word)


def _looks_like_a_name(word: str) -> bool:
    capitals = sum(char.isupper() for char in word)
    camel = capitals > 1 and not word.isupper()
    return "_" in word or "." in word or camel or bool(re.fullmatch(r"G\d+", word))
