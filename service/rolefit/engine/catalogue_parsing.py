"""Reads the catalogue from YAML.

`catalogue/paths.yaml` has a page for each path, `catalogue/dimensions.yaml` the rows of the
comparison, with a cell for each path that the guide speaks of:

    ML_ENGINEER:
      tagline: {text: One sentence., claims: [G4]}
      sections:
        scope: {title: What the work is, statements: [{text: A sentence., claims: [G11]}]}

    core-job: {title: Core job, ML_ENGINEER: {text: A sentence., claims: [G11]}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rolefit.engine.catalogue import Catalogue, Dimension, PathPage, Section, Statement
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.rule_parsing import read_claim_ids
from rolefit.engine.ruleset import PATHS, STRENGTHS, Claim
from rolefit.engine.yaml_source import Value

_T = TypeVar("_T")


def read_catalogue(paths: Value, dimensions: Value, claims: dict[str, Claim]) -> Catalogue:
    """The catalogue of its two files.

    Raises:
        RulesetError: It lists everything wrong with them.
    """
    return _Reader(claims).catalogue(paths, dimensions)


class _Reader:
    def __init__(self, claims: dict[str, Claim]):
        self._claims = claims

    def catalogue(self, paths: Value, dimensions: Value) -> Catalogue:
        given = paths.as_mapping("the catalogue", required=PATHS)
        pages = _each(((path, given[path]) for path in PATHS), self._page)
        rows = dimensions.as_mapping("the dimensions", optional=None)
        return Catalogue(
            pages={page.path: page for page in pages},
            dimensions=_each(rows.items(), self._dimension),
        )

    def _page(self, path: str, value: Value) -> PathPage:
        entries = value.as_mapping(path, required=("tagline", "sections"))
        sections = entries["sections"].as_mapping("sections", optional=None)
        return PathPage(
            path=path,
            tagline=self._statement("tagline", entries["tagline"]),
            sections=_each(sections.items(), self._section),
        )

    def _section(self, name: str, value: Value) -> Section:
        entries = value.as_mapping(f"section {name}", required=("title", "statements"))
        statements = entries["statements"].as_list("statements")
        if not statements:
            raise entries["statements"].error(f"section {name} has no statement")
        return Section(
            id=_identifier(name, value),
            title=_plain_text(entries["title"], "title"),
            statements=_each((("a statement", item) for item in statements), self._statement),
        )

    def _dimension(self, name: str, value: Value) -> Dimension:
        entries = value.as_mapping(f"dimension {name}", required=("title",), optional=PATHS)
        given = [(path, entries[path]) for path in PATHS if path in entries]
        if not given:
            raise value.error(f"dimension {name} says nothing of any path")
        cells = _each(given, lambda path, cell: (path, self._statement(path, cell)))
        return Dimension(
            id=_identifier(name, value),
            title=_plain_text(entries["title"], "title"),
            cells=dict(cells),
        )

    def _statement(self, what: str, value: Value) -> Statement:
        entries = value.as_mapping(what, required=("text", "claims"))
        claims = read_claim_ids(entries["claims"], self._claims)
        if not claims:
            raise entries["claims"].error("a statement rests on at least one claim")
        strengths = (self._claims[claim].strength for claim in claims)
        return Statement(
            text=_plain_text(entries["text"], "text"),
            claims=claims,
            strength=min(strengths, key=STRENGTHS.index),
        )


def _each(
    items: Iterable[tuple[str, Value]], read: Callable[[str, Value], _T]
) -> tuple[_T, ...]:
    """Reads every item, so that all their problems are reported at once."""
    problems: list[Problem] = []

    def results() -> Iterator[_T]:
        for name, value in items:
            try:
                yield read(name, value)
            except RulesetError as error:
                problems.extend(error.problems)

    found = tuple(results())
    if problems:
        raise RulesetError(problems)
    return found


def _identifier(name: str, value: Value) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,60}", name):
        raise value.error(f"'{name}' is no id: lower-case words joined by '-'")
    return name


def _plain_text(value: Value, what: str) -> str:
    text = " ".join(value.as_text(what).split())
    if "{" in text or "}" in text:
        raise value.error(f"{what} is plain: nothing is filled in, so braces have no meaning")
    return text
