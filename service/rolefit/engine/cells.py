"""The values of a field in groups that some tests cannot tell apart.

A group is a cell. Whatever the tests decide is the same for every value of a cell, so one
value may stand for all, and a field with endless values has a few cells.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Protocol

from rolefit.engine.conditions import Test, describe
from rolefit.engine.vocabulary import FactValue, Field, Kind, Vocabulary, join_words

# A set has two to the power of its members as subsets; more are not enumerated.
_MOST_MEMBERS = 8
# Stands for every text that no rule asks for; none can, for it has a digit first.
_OTHER_TEXT = "0_OTHER"
# Where values begin: at a number, or with 1 just above it.
_Bound = tuple[float, int]


class CellCountError(Exception):
    """The tests of a set tell too many subsets apart."""


class Cells(Protocol):
    """The cells of one field, counted from 0: numbers ascending, choices in contract order."""

    def __len__(self) -> int: ...

    def locate(self, value: FactValue) -> int:
        """The cell that a valid value is in."""

    def sample(self, cell: int) -> FactValue:
        """Something of the cell; for a text it may be no valid one."""

    def nearest(
        self, cell: int, value: FactValue | None, only_up: bool = False
    ) -> FactValue | None:
        """A value of the cell, close to the one given; None if there is none to name.

        With `only_up`, one that is not below the one given: a number not smaller, a flag
        not turned false, a choice not earlier in the contract, a set with no member lost.
        """

    def words(self, cells: Sequence[int], vocabulary: Vocabulary) -> str:
        """What values of these cells have in common; of numbers, the cells must adjoin."""


def cells_of(field: Field, tests: Iterable[Test]) -> Cells:
    """The cells that tests of a field make.

    Raises:
        CellCountError: The field is a set of which too many members are asked for.
    """
    telling = [test for test in tests if test.op not in ("is known", "is unknown")]
    return (NumberCells if field.kind is Kind.NUMBER else ValueCells)(field, telling)


class ValueCells:
    """The cells of a field whose values can be listed."""

    def __init__(self, field: Field, tests: Iterable[Test]):
        self._field = field
        self._tests = tuple(dict.fromkeys(tests))
        groups: dict[tuple[bool, ...], list[FactValue]] = {}
        for value in self._listed():
            groups.setdefault(self._seen(value), []).append(value)
        self._cells = list(groups.values())
        self._index = {seen: cell for cell, seen in enumerate(groups)}
        self._cell_of = {
            value: cell for cell, values in enumerate(self._cells) for value in values
        }

    def __len__(self) -> int:
        return len(self._cells)

    def locate(self, value: FactValue) -> int:
        """The cell that a valid value is in."""
        cell = self._cell_of.get(value)
        return self._index[self._seen(value)] if cell is None else cell

    def sample(self, cell: int) -> FactValue:
        """Something of the cell; for a text it may be no valid one."""
        return self._cells[cell][0]

    def nearest(
        self, cell: int, value: FactValue | None, only_up: bool = False
    ) -> FactValue | None:
        """A value of the cell, close to the one given; None if there is none to name."""
        values = self._named(cell)
        if value is None:
            return values[0] if values else None
        if isinstance(value, frozenset):
            values += self._kept(cell, value)
        if only_up:
            values = [each for each in values if self._not_below(each, value)]
        return min(values, key=lambda each: self._distance(each, value), default=None)

    def _named(self, cell: int) -> list[FactValue]:
        return [each for each in self._cells[cell] if each != _OTHER_TEXT]

    def _kept(self, cell: int, value: frozenset[str]) -> list[FactValue]:
        """Sets of the cell that keep those members which no test asks for."""
        asked = frozenset(token for test in self._tests for token in test.tokens)
        sets = (each for each in self._cells[cell] if isinstance(each, frozenset))
        kept = ((each & asked) | (value - asked) for each in sets)
        return [each for each in kept if self.locate(each) == cell]

    def _not_below(self, value: FactValue, other: FactValue) -> bool:
        if isinstance(value, frozenset) and isinstance(other, frozenset):
            return value >= other
        return self._place(value) >= self._place(other)

    def _distance(self, value: FactValue, other: FactValue) -> int:
        if isinstance(value, frozenset) and isinstance(other, frozenset):
            return len(value ^ other)
        return abs(self._place(value) - self._place(other))

    def _place(self, value: FactValue) -> int:
        """The place of a flag or a choice in its order; texts have none."""
        if isinstance(value, bool):
            return int(value)
        return self._field.values.index(str(value)) if self._field.values else 0

    def words(self, cells: Sequence[int], vocabulary: Vocabulary) -> str:
        """What values of these cells have in common."""
        path = self._field.path
        words = [
            "another one" if value == _OTHER_TEXT else vocabulary.value_words(path, value)
            for cell in cells
            for value in self._cells[cell]
        ]
        return join_words(list(dict.fromkeys(words)), "or")

    def _seen(self, value: FactValue) -> tuple[bool, ...]:
        return tuple(test.accepts(value) for test in self._tests)

    def _listed(self) -> list[FactValue]:
        field = self._field
        asked = dict.fromkeys(token for test in self._tests for token in test.tokens)
        if field.kind is Kind.FLAG:
            return [False, True]
        if field.kind is Kind.CHOICE:
            return list(field.values)
        if field.kind is Kind.TEXT:
            return [*asked, _OTHER_TEXT]
        others = [value for value in field.values if value not in asked]
        members = [*asked, *others[:1]]
        if len(members) > _MOST_MEMBERS:
            raise CellCountError(f"rules ask for {len(asked)} members of {field.path}")
        return [
            frozenset(subset)
            for size in range(len(members) + 1)
            for subset in itertools.combinations(members, size)
        ]


class NumberCells:
    """The cells of a number: the ranges between the bounds that tests draw."""

    def __init__(self, field: Field, tests: Iterable[Test]):
        self._field = field
        least: _Bound = (field.least, 0)
        most: _Bound = (field.most, 1)
        drawn = {_bound(test, field) for test in tests}
        inner = sorted(bound for bound in drawn if least < bound < most)
        # Cell i holds what lies from edge i, inclusive, to edge i + 1, exclusive.
        self._edges: list[_Bound] = [least, *inner, most]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def locate(self, value: FactValue) -> int:
        """The cell that a valid value is in."""
        assert isinstance(value, int | float)
        # 0.5 lies between "at the number" and "just above it".
        cell = bisect.bisect(self._edges, (value, 0.5)) - 1
        return min(max(cell, 0), len(self) - 1)

    def sample(self, cell: int) -> FactValue:
        """A value of the cell."""
        return self._above(self._edges[cell], self._edges[cell + 1])

    def nearest(
        self, cell: int, value: FactValue | None, only_up: bool = False
    ) -> FactValue | None:
        """A value of the cell, close to the one given; None if there is none to name."""
        low, high = self._edges[cell], self._edges[cell + 1]
        if not isinstance(value, int | float) or (value, 0.5) < low:
            return self._above(low, high)
        if (value, 0.5) < high:
            return value
        return None if only_up else self._below(high, low)

    def distance(self, cell: int, value: float) -> float:
        """How far a value is from the nearest edge of a cell that it is not in."""
        low, high = self._edges[cell], self._edges[cell + 1]
        if (value, 0.5) < low:
            return low[0] - value
        return value - (high[0] - 1 + high[1] if self._field.integral else high[0])

    def _above(self, low: _Bound, high: _Bound) -> int | float:
        if math.isinf(low[0]):
            return self._below(high, low) if math.isfinite(high[0]) else 0
        if self._field.integral:
            return int(low[0])
        if low[1] == 0:
            return low[0]
        return (low[0] + min(low[0] + 1, high[0])) / 2

    def _below(self, high: _Bound, low: _Bound) -> int | float:
        if self._field.integral:
            return int(high[0]) - (1 - high[1])
        if high[1] == 1:
            return high[0]
        return (max(low[0], high[0] - 1) + high[0]) / 2

    def words(self, cells: Sequence[int], vocabulary: Vocabulary) -> str:
        """What values of these cells have in common; the cells must adjoin."""
        low, high = self._edges[min(cells)], self._edges[max(cells) + 1]
        path, integral = self._field.path, self._field.integral
        if integral and low[0] == high[0] + high[1] - 1:
            return vocabulary.value_words(path, int(low[0]))
        tests = []
        if low > self._edges[0]:
            tests.append(Test(path, ">" if low[1] else ">=", _plain(low[0])))
        if high < self._edges[-1]:
            if integral:
                tests.append(Test(path, "<=", _plain(high[0]) - 1))
            else:
                tests.append(Test(path, "<=" if high[1] else "<", _plain(high[0])))
        # Where any value would do, it only has to be known.
        tests = tests or [Test(path, "is known")]
        return " and ".join(describe(test, vocabulary) for test in tests)


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _bound(test: Test, field: Field) -> _Bound:
    """Where a comparison begins or stops to hold."""
    assert isinstance(test.operand, int | float)
    above = test.op in (">", "<=")
    if field.integral:
        return (test.operand + 1, 0) if above else (test.operand, 0)
    return (test.operand, 1) if above else (test.operand, 0)
