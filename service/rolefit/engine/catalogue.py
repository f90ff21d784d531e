"""What the guide says of the paths, as plain frozen objects: pages, and a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A sentence of the guide; `strength` is that of the weakest of its claims."""

    text: str
    claims: tuple[str, ...]
    strength: str


@dataclass(frozen=True)
class Section:
    """Statements about one topic of a path, such as `scope`."""

    id: str
    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class PathPage:
    """One path: a sentence that sums it up, and its sections in the guide's order."""

    path: str
    tagline: Statement
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Dimension:
    """One row of the comparison; `cells` has the paths that the guide speaks of."""

    id: str
    title: str
    cells: dict[str, Statement]


@dataclass(frozen=True)
class Catalogue:
    """Every page by path, and the dimensions in which paths are compared."""

    pages: dict[str, PathPage]
    dimensions: tuple[Dimension, ...]

    def homes(self) -> Iterator[tuple[str, Statement]]:
        """Every statement with the name of its place, such as "dimension core-job"."""
        for page in self.pages.values():
            yield f"catalogue {page.path} tagline", page.tagline
            for section in page.sections:
                for statement in section.statements:
                    yield f"catalogue {page.path} {section.id}", statement
        for dimension in self.dimensions:
            for statement in dimension.cells.values():
                yield f"dimension {dimension.id}", statement
