"""What the fillings of a half-empty profile lead to.

A filling gives every absent field a value. The decision diagram answers for all of them at
once: which paths they lead to, whether any, complete or not, changes the path, which
fields can still matter, and how much the answer to each would settle.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.ruleset import ALL_PATHS

# Profiles whose fillings are remembered, some kilobytes each.
_REMEMBERED = 4096
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

    Args:
        space: All profiles.
        ask_first: Fields to ask for before others that settle more.
    """

    def __init__(self, space: DecisionSpace, ask_first: Collection[str]):
        self._space = space
        self._ask_first = ask_first
        self._ask_rank = dict(zip(space.fields, space.ask_rank, strict=True))
        self.fillings = functools.lru_cache(maxsize=_REMEMBERED)(self._fillings)

    def _fillings(self, position: Position) -> Fillings:
        """What is possible at a position of the decision space."""
        space = self._space
        possible, _ = self._reachable(space.path_sets, position, complete=True)
        changes, _ = self._reachable(space.path_sets, position, complete=False)
        fixed = changes == 1 << space.diagrams.value(space.path, position)
        fields = () if fixed else self._open_fields(position)
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

    def _open_fields(self, position: Position) -> tuple[OpenField, ...]:
        found = []
        settles = self._settles(position)
        for level, field in enumerate(self._space.fields):
            if position[level] != ABSENT:
                continue
            ref = self._space.swayed[level]
            at_times, _ = self._reachable(ref, position, complete=False)
            if not at_times:
                continue
            in_the_end, never = self._reachable(ref, position, complete=True)
            sways = _paths(in_the_end or at_times)
            found.append(OpenField(field, not never, settles[level], sways))
        return tuple(sorted(found, key=self._rank))

    def _rank(self, field: OpenField) -> tuple[bool, bool, int, int]:
        later = field.field not in self._ask_first
        settles = round(field.settles / _STEP)
        return not field.essential, later, -settles, self._ask_rank[field.field]

    def _settles(self, position: Position) -> list[float]:
        """For every variable, the share of entropy that knowing it removes on average."""
        shares, visits = self._shares(position)
        root = self._space.path
        now = _entropy(shares[root])
        diagrams = self._space.diagrams
        by_level: dict[int, list[Ref]] = {}
        for ref in visits:
            by_level.setdefault(diagrams.levels[ref], []).append(ref)
        settled = [0.0] * len(self._space.fields)
        for level, refs in by_level.items():
            if position[level] != ABSENT or now == 0:
                continue
            # What passes by this variable is the same whatever its value.
            tested = _mixed([(visits[ref], shares[ref]) for ref in refs])
            beside = [all_ - part for all_, part in zip(shares[root], tested, strict=True)]
            values = range(1, diagrams.sizes[level])
            after = 0.0
            for value in values:
                parts = [(visits[ref], shares[diagrams.children[ref][value]]) for ref in refs]
                after += _entropy(_mixed([(1.0, beside), *parts])) / len(values)
            settled[level] = round(max(0.0, 1 - after / now), _DIGITS)
        return settled

    def _shares(
        self, position: Position
    ) -> tuple[dict[Ref, Sequence[float]], dict[Ref, float]]:
        """By reference: the shares of paths from there on, and the share of visits to it.

        Both over complete fillings with every cell of a field alike.
        """
        diagrams = self._space.diagrams
        shares: dict[Ref, Sequence[float]] = {}

        def go(ref: Ref) -> Sequence[float]:
            if ref not in shares:
                if ref < 0:
                    shares[ref] = [float(i == -1 - ref) for i in range(len(ALL_PATHS))]
                else:
                    parts = [(weight, go(child)) for weight, child in self._ways(ref, position)]
                    shares[ref] = _mixed(parts)
            return shares[ref]

        go(self._space.path)
        visits = {self._space.path: 1.0}
        inner = sorted((ref for ref in shares if ref >= 0), key=diagrams.level_of)
        for ref in inner:
            for weight, child in self._ways(ref, position):
                if child >= 0:
                    visits[child] = visits.get(child, 0.0) + weight * visits[ref]
        return shares, {ref: share for ref, share in visits.items() if ref >= 0}

    def _ways(self, ref: Ref, position: Position) -> list[tuple[float, Ref]]:
        """The children of a node that complete fillings lead to, with their shares."""
        children = self._space.diagrams.children[ref]
        value = position[self._space.diagrams.levels[ref]]
        if value != ABSENT:
            return [(1.0, children[value])]
        return [(1 / (len(children) - 1), child) for child in children[1:]]


def _paths(bits: int) -> tuple[str, ...]:
    return tuple(path for i, path in enumerate(ALL_PATHS) if bits >> i & 1)


def _mixed(parts: Sequence[tuple[float, Sequence[float]]]) -> list[float]:
    return [sum(weight * shares[i] for weight, shares in parts) for i in range(len(ALL_PATHS))]


def _entropy(shares: Sequence[float]) -> float:
    return -sum(share * math.log2(share) for share in shares if share > 1e-12)
