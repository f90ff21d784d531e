"""What the fillings of a half-empty profile lead to.

A filling gives every absent field a value. The decision diagram answers for all of them at
once: which paths they lead to, whether any, complete or not, changes the path, which
fields can still matter, and how much the answer to each would settle.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rolefit.engine.decision_diagram import Diagrams, DiagramSizeError, Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.ruleset import ALL_PATHS

# Most nodes of the diagrams that are remembered; then all is forgotten.
_MOST_NODES = 100_000
# Shares are given in this many digits, so that no rounding shows.
_DIGITS = 6
# Answers that settle about the same stand in the vocabulary's order: cells counted alike are
# no likelihoods, so a finer order would only look exact.
_STEP = 0.05

Shares = tuple[float, ...]


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


@dataclass(frozen=True)
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
        levels, children = self._space.diagrams.levels, self._space.diagrams.children
        done: dict[Ref, Ref] = {}

        def go(ref: Ref) -> Ref:
            while ref >= 0 and position[levels[ref]] != ABSENT:
                ref = children[ref][position[levels[ref]]]
            if ref < 0:
                return ref
            if ref not in done:
                parts = tuple([go(child) for child in children[ref]])
                done[ref] = self._open.node(levels[ref], parts)
            return done[ref]

        return go(self._space.path)

    def _fillings(self, ref: Ref, position: Position) -> Fillings:
        space = self._space
        possible, _ = self._reachable(space.path_sets, position, complete=True)
        changes, _ = self._reachable(space.path_sets, position, complete=False)
        fixed = changes == 1 << space.diagrams.value(space.path, position)
        fields = () if fixed else self._open_fields(ref, position)
        return Fillings(_paths(possible), fixed, fields)

    def _reachable(self, ref: Ref, position: Position, complete: bool) -> tuple[int, bool]:
        """The union of a function's sets over all fillings, and whether one set is empty."""
        children, levels = self._space.diagrams.children, self._space.diagrams.levels
        first = 1 if complete else ABSENT
        union, empty = 0, False
        seen: set[Ref] = set()
        pending = [ref]
        while pending:
            ref = pending.pop()
            if ref < 0:
                union |= -1 - ref
                empty = empty or ref == -1
            elif ref not in seen:
                seen.add(ref)
                value = position[levels[ref]]
                if value == ABSENT:
                    pending.extend(children[ref][first:])
                else:
                    pending.append(children[ref][value])
        return union, empty

    def _open_fields(self, ref: Ref, position: Position) -> tuple[OpenField, ...]:
        found = []
        for level, settles in self._settles(ref).items():
            swayed = self._space.swayed[level]
            at_times, _ = self._reachable(swayed, position, complete=False)
            if at_times:
                in_the_end, never = self._reachable(swayed, position, complete=True)
                sways = _paths(in_the_end or at_times)
                found.append(OpenField(self._space.fields[level], not never, settles, sways))
        return tuple(sorted(found, key=self._rank))

    def _rank(self, field: OpenField) -> tuple[bool, bool, int, int]:
        later = field.field not in self._ask_first
        settles = round(field.settles / _STEP)
        return not field.essential, later, -settles, self._ask_rank[field.field]

    def _settles(self, root: Ref) -> dict[int, float]:
        """For every open variable, the share of entropy that knowing it removes on average."""
        shares, visits = self._shares(root)
        now = _entropy(shares[root])
        by_level: dict[int, list[Ref]] = {}
        for ref in visits:
            by_level.setdefault(self._open.levels[ref], []).append(ref)
        settled = dict.fromkeys(sorted(self._open.tested(root)), 0.0)
        for level, refs in by_level.items():
            if now == 0:
                continue
            # What passes by this variable is the same whatever its value.
            tested = _mixed([(visits[ref], shares[ref]) for ref in refs])
            beside = [all_ - part for all_, part in zip(shares[root], tested, strict=True)]
            values = range(1, self._open.sizes[level])
            after = 0.0
            for value in values:
                parts = [(visits[ref], shares[self._open.children[ref][value]]) for ref in refs]
                after += _entropy(_mixed([(1.0, beside), *parts])) / len(values)
            settled[level] = round(max(0.0, 1 - after / now), _DIGITS)
        return settled

    def _shares(self, root: Ref) -> tuple[dict[Ref, Sequence[float]], dict[Ref, float]]:
        """By reference: the shares of paths from there on, and the share of visits to it.

        Both over complete fillings with every cell of a field alike.
        """
        shares: dict[Ref, Sequence[float]] = {}

        def go(ref: Ref) -> Sequence[float]:
            if ref not in shares:
                if ref < 0:
                    shares[ref] = [float(i == -1 - ref) for i in range(len(ALL_PATHS))]
                else:
                    parts = [(weight, go(child)) for weight, child in self._ways(ref)]
                    shares[ref] = _mixed(parts)
            return shares[ref]

        go(root)
        visits = {root: 1.0}
        inner = sorted((ref for ref in shares if ref >= 0), key=self._open.level_of)
        for ref in inner:
            for weight, child in self._ways(ref):
                if child >= 0:
                    visits[child] = visits.get(child, 0.0) + weight * visits[ref]
        return shares, {ref: share for ref, share in visits.items() if ref >= 0}

    def _ways(self, ref: Ref) -> list[tuple[float, Ref]]:
        """The children of a node that complete fillings lead to, with their shares."""
        children = self._open.children[ref]
        return [(1 / (len(children) - 1), child) for child in children[1:]]


def _paths(bits: int) -> tuple[str, ...]:
    return tuple(path for i, path in enumerate(ALL_PATHS) if bits >> i & 1)


def _mixed(parts: Sequence[tuple[float, Sequence[float]]]) -> list[float]:
    weights, shares = zip(*parts, strict=True)
    return [sum(map(operator.mul, weights, column)) for column in zip(*shares, strict=True)]


def _entropy(shares: Sequence[float]) -> float:
    return -sum(share * math.log2(share) for share in shares if share > 1e-12)
