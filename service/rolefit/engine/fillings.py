"""What the fillings of a half-empty profile lead to.

A filling gives every absent field a value. The decision diagram answers for all of them at
once: which paths they lead to, whether any, complete or not, changes the path, which
fields can still matter, and how much the answer to each would settle.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rolefit.engine.decision_diagram import Diagrams, DiagramSizeError, Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.filling_counts import FillingCounts
from rolefit.engine.ruleset import ALL_PATHS

# Most nodes of the diagrams that are remembered; then all is forgotten.
_MOST_NODES = 100_000
# Answers that settle about the same stand in the vocabulary's order: cells counted alike are
# no likelihoods, so a finer order would only look exact.
_STEP = 0.05


@dataclass(frozen=True)
class OpenField:
    """An absent field that can still change the path.

    Attributes:
        field: Its path.
        essential: No answers to other questions settle the path without it.
        settles: Share, 0 to 1, of the path's entropy over all fillings that its answer
            removes on average. Cells count alike: no likelihood of answers is assumed.
        sways: The paths between which it can decide, in contract order.
    """

    field: str
    essential: bool
    settles: float
    sways: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Fillings:
    """What is possible for one profile.

    Attributes:
        possible: The paths that complete fillings lead to, in contract order.
        fixed: No filling, complete or not, leads to another path than the present one.
        open_fields: The absent fields that matter, in the order to ask for them.
    """

    possible: tuple[str, ...]
    fixed: bool
    open_fields: tuple[OpenField, ...]


class FillingCounter:
    """Counts over all fillings; remembers the profiles seen last.

    What is possible depends on the path as a function of the absent fields alone, so that
    function, a small diagram, is what is remembered by.

    Args:
        space: All profiles.
        ask_first: Fields to ask for before others that settle more.
        capacity: Most functions remembered.
    """

    def __init__(self, space: DecisionSpace, ask_first: Collection[str], capacity: int):
        self._space = space
        self._ask_first = ask_first
        self._capacity = capacity
        self._ask_rank = dict(zip(space.fields, space.ask_rank, strict=True))
        self._forget()

    def _forget(self) -> None:
        # There has to be room for the function of a profile of which nothing is known.
        most = max(_MOST_NODES, len(self._space.diagrams.levels))
        self._open = Diagrams(self._space.diagrams.sizes, most)
        self._known: dict[Ref, Fillings] = {}

    def fillings(self, position: Position) -> Fillings:
        """What is possible at a position of the decision space."""
        if len(self._known) >= self._capacity:
            self._forget()
        try:
            return self._recall(position)
        except DiagramSizeError:
            self._forget()
            return self._recall(position)

    def _recall(self, position: Position) -> Fillings:
        ref = self._open_part(position)
        known = self._known.get(ref)
        if known is None:
            known = self._known[ref] = self._fillings(ref, position)
        return known

    def _open_part(self, position: Position) -> Ref:
        """The path as a function of the absent fields."""
        return self._open_from(self._space.path, position, {})

    def _open_from(self, ref: Ref, position: Position, done: dict[Ref, Ref]) -> Ref:
        levels, children = self._space.diagrams.levels, self._space.diagrams.children
        while ref >= 0 and (value := position[levels[ref]]) != ABSENT:
            ref = children[ref][value]
        if ref < 0:
            return ref
        if ref not in done:
            parts = tuple([self._open_from(child, position, done) for child in children[ref]])
            done[ref] = self._open.node(levels[ref], parts)
        return done[ref]

    def _fillings(self, ref: Ref, position: Position) -> Fillings:
        if ref < 0:
            return Fillings((ALL_PATHS[-1 - ref],), True, ())
        counts = FillingCounts(self._open, ref)
        fields = []
        for level, settles in sorted(counts.settled().items()):
            sways, essential = self._swayed(level, position)
            fields.append(OpenField(self._space.fields[level], essential, settles, sways))
        fields.sort(key=self._rank)
        return Fillings(counts.possible(), False, tuple(fields))

    def _swayed(self, level: int, position: Position) -> tuple[tuple[str, ...], bool]:
        """The paths between which an open field can decide, and whether it always does."""
        swayed = self._space.swayed[level]
        in_the_end, never = self._reachable(swayed, position, first=1)
        if not in_the_end:
            # It matters only as long as others are absent.
            in_the_end, _ = self._reachable(swayed, position, first=ABSENT)
        return _paths(in_the_end), not never

    def _reachable(self, ref: Ref, position: Position, first: int) -> tuple[int, bool]:
        """The union of a function's sets over all fillings, and whether one set is empty.

        Fillings give absent fields values from the first on: ABSENT, or 1 if all are given.
        """
        children, levels = self._space.diagrams.children, self._space.diagrams.levels
        union, empty = 0, False
        seen: set[Ref] = set()
        pending = [ref]
        while pending:
            ref = pending.pop()
            while ref >= 0 and (value := position[levels[ref]]) != ABSENT:
                ref = children[ref][value]
            if ref < 0:
                union |= -1 - ref
                empty = empty or ref == -1
            elif ref not in seen:
                seen.add(ref)
                pending += children[ref][first:]
        return union, empty

    def _rank(self, field: OpenField) -> tuple[bool, bool, int, int]:
        later = field.field not in self._ask_first
        settles = round(field.settles / _STEP)
        return not field.essential, later, -settles, self._ask_rank[field.field]


def _paths(bits: int) -> tuple[str, ...]:
    return tuple(path for i, path in enumerate(ALL_PATHS) if bits >> i & 1)
