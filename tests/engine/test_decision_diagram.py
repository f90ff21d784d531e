"""Decision diagrams against tables of the same functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolefit.engine.decision_diagram import NO, YES, Diagrams, DiagramSizeError, Ref, leaf

SIZES = (2, 3, 2, 4)
ASSIGNMENTS = list(itertools.product(*(range(size) for size in SIZES)))
EXAMPLES = settings(max_examples=150)

# The number of a function for each of ASSIGNMENTS.
Table = list[int]
TRUTHS = st.lists(st.integers(0, 1), min_size=len(ASSIGNMENTS), max_size=len(ASSIGNMENTS))
NUMBERS = st.lists(st.integers(0, 4), min_size=len(ASSIGNMENTS), max_size=len(ASSIGNMENTS))


@pytest.fixture
def diagrams() -> Diagrams:
    return Diagrams(SIZES, 100_000)


def built(diagrams: Diagrams, table: Table) -> Ref:
    """The diagram of a table, by testing one variable after the other."""
    numbers = dict(zip(ASSIGNMENTS, table, strict=True))

    def go(start: tuple[int, ...]) -> Ref:
        if len(start) == len(SIZES):
            return leaf(numbers[start])
        children = tuple(go((*start, value)) for value in range(SIZES[len(start)]))
        return diagrams.node(len(start), children)

    return go(())


def table_of(diagrams: Diagrams, ref: Ref) -> Table:
    return [diagrams.value(ref, assignment) for assignment in ASSIGNMENTS]


@EXAMPLES
@given(table=NUMBERS)
def test_a_function_keeps_its_numbers(table: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    assert table_of(diagrams, built(diagrams, table)) == table


@EXAMPLES
@given(a=NUMBERS, b=NUMBERS)
def test_equal_functions_are_one_node(a: Table, b: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    assert (built(diagrams, a) == built(diagrams, b)) == (a == b)
    assert built(diagrams, a) == built(diagrams, list(a))


@EXAMPLES
@given(condition=TRUTHS, then=NUMBERS, otherwise=NUMBERS)
def test_choose(condition: Table, then: Table, otherwise: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    refs = [built(diagrams, table) for table in (condition, then, otherwise)]
    chosen = [t if c else o for c, t, o in zip(condition, then, otherwise, strict=True)]
    assert diagrams.choose(*refs) == built(diagrams, chosen)


@EXAMPLES
@given(a=TRUTHS, b=TRUTHS)
def test_truths_combine(a: Table, b: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    one, other = built(diagrams, a), built(diagrams, b)
    pairs = list(zip(a, b, strict=True))
    assert table_of(diagrams, diagrams.both(one, other)) == [x & y for x, y in pairs]
    assert table_of(diagrams, diagrams.either(one, other)) == [x | y for x, y in pairs]
    assert table_of(diagrams, diagrams.opposite(one)) == [1 - x for x in a]


OPERATIONS: list[Callable[[int, int], int]] = [
    lambda a, b: a + b,
    lambda a, b: max(0, a - b),
    lambda a, b: a << 1 | b,
]


@EXAMPLES
@given(a=NUMBERS, b=NUMBERS, operation=st.sampled_from(OPERATIONS))
def test_combine(a: Table, b: Table, operation: Callable[[int, int], int]) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    combined = diagrams.combine(operation, built(diagrams, a), built(diagrams, b))
    expected = [operation(x, y) for x, y in zip(a, b, strict=True)]
    assert combined == built(diagrams, expected)


@EXAMPLES
@given(table=NUMBERS)
def test_convert(table: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    converted = diagrams.convert(lambda number: number // 2, built(diagrams, table))
    assert converted == built(diagrams, [number // 2 for number in table])


@EXAMPLES
@given(table=NUMBERS, level=st.integers(0, len(SIZES) - 1), value=st.integers(0, 3))
def test_fix(table: Table, level: int, value: int) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    value %= SIZES[level]
    held = diagrams.fix(built(diagrams, table), level, value)
    numbers = dict(zip(ASSIGNMENTS, table, strict=True))
    moved = [(*each[:level], value, *each[level + 1 :]) for each in ASSIGNMENTS]
    expected = [numbers[each] for each in moved]
    assert held == built(diagrams, expected)


@EXAMPLES
@given(table=NUMBERS)
def test_children_are_the_functions_behind_each_value(table: Table) -> None:
    diagrams = Diagrams(SIZES, 100_000)
    ref = built(diagrams, table)
    children = diagrams.children_at(ref, 0)
    assert list(children) == [diagrams.fix(ref, 0, value) for value in range(SIZES[0])]


def test_a_test_that_decides_nothing_is_no_node(diagrams: Diagrams) -> None:
    assert diagrams.node(1, (YES, YES, YES)) == YES
    assert diagrams.level_of(NO) == len(SIZES)
    assert diagrams.level_of(diagrams.node(1, (YES, NO, YES))) == 1


def test_no_more_nodes_than_allowed() -> None:
    diagrams = Diagrams(SIZES, 2)
    first = diagrams.node(3, (NO, YES, NO, NO))
    diagrams.node(2, (first, YES))
    assert diagrams.node(3, (NO, YES, NO, NO)) == first
    with pytest.raises(DiagramSizeError, match="more than 2 nodes"):
        diagrams.node(0, (NO, YES))
