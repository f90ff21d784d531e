"""In how many ways a half-empty profile can be filled for each path, and what answers settle.

Fillings are complete here, with every cell of a field alike: no likelihoods are assumed.
"""

from __future__ import annotations

import itertools
import math

from rolefit.engine.decision_diagram import Diagrams, Ref, leaf
from rolefit.engine.ruleset import ALL_PATHS

# Shares are given in this many digits, so that no rounding shows.
_DIGITS = 6
_LEAVES = tuple(leaf(number) for number in range(len(ALL_PATHS)))
# For each path a number of fillings, all in one integer: adding or scaling them is then one
# operation.
_Numbers = int


class FillingCounts:
    """The numbers of fillings for one function of the open fields.

    Args:
        diagrams: Hold the path as a function of the open fields.
        root: That function; no leaf.
    """

    def __init__(self, diagrams: Diagrams, root: Ref):
        self._children = diagrams.children
        self._root = root
        # Variables from the last on, with the nodes that test them.
        self._nodes: dict[int, list[Ref]] = {}
        for ref in sorted(diagrams.inner(root), key=diagrams.level_of, reverse=True):
            self._nodes.setdefault(diagrams.levels[ref], []).append(ref)
        # In how many ways what is behind a variable can be filled, and what is from a node on.
        self._behind: dict[int, int] = {}
        self._ways = dict.fromkeys(_LEAVES, 1)
        ways = 1
        for level, refs in self._nodes.items():
            self._behind[level] = ways
            ways *= diagrams.sizes[level] - 1
            self._ways.update(dict.fromkeys(refs, ways))
        self._width = ways.bit_length()
        self._numbers = {ref: 1 << i * self._width for i, ref in enumerate(_LEAVES)}
        for level, refs in self._nodes.items():
            for ref in refs:
                children = self._children[ref][1:]
                self._numbers[ref] = sum([self._led(level, child) for child in children])

    def _led(self, level: int, child: Ref) -> _Numbers:
        """The numbers over all behind a variable whose value leads to a node or leaf."""
        return self._numbers[child] * (self._behind[level] // self._ways[child])

    def possible(self) -> tuple[str, ...]:
        """The paths that some filling leads to, in contract order."""
        return tuple(itertools.compress(ALL_PATHS, self._unpacked(self._numbers[self._root])))

    def settled(self) -> dict[int, float]:
        """For every open variable, the share of entropy that knowing it removes on average."""
        whole = self._numbers[self._root]
        now = self._entropy(whole)
        # In how many ways what is before a node can be filled so that it is reached.
        visits = {self._root: 1}
        settled = {}
        for level in reversed(self._nodes):
            tested = [
                (visits[ref], self._numbers[ref], self._children[ref][1:])
                for ref in self._nodes[level]
                if ref in visits
            ]
            for visited, _, children in tested:
                for child in children:
                    if child >= 0:
                        more = visited * (self._behind[level] // self._ways[child])
                        visits[child] = visits.get(child, 0) + more
            values = len(tested[0][2]) if tested else 0
            if not (now and values):
                settled[level] = 0.0
                continue
            # What passes by this variable is the same whatever its value.
            beside = (whole - sum([visited * all_ for visited, all_, _ in tested])) // values
            after = 0.0
            for value in range(values):
                led = [
                    visited * self._led(level, children[value])
                    for visited, _, children in tested
                ]
                after += self._entropy(beside + sum(led)) / values
            settled[level] = round(max(0.0, 1 - after / now), _DIGITS)
        return settled

    def _unpacked(self, numbers: _Numbers) -> list[int]:
        """One number for each path."""
        mask = (1 << self._width) - 1
        return [numbers >> i * self._width & mask for i in range(len(ALL_PATHS))]

    def _entropy(self, numbers: _Numbers) -> float:
        """The entropy of the path, in bits."""
        each = [number for number in self._unpacked(numbers) if number]
        all_ = sum(each)
        return math.log2(all_) - sum([number * math.log2(number) for number in each]) / all_
