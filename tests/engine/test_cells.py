"""Cells against the tests that make them, asked of one value after the other."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolefit.engine import load_ruleset
from rolefit.engine.cells import CellCountError, Cells, NumberCells, cells_of
from rolefit.engine.conditions import Test
from rolefit.engine.vocabulary import FactValue, Field, Kind
from tests.profiles import FIELDS
from tests.profiles import values as profile_values
from tests.rulesets import telling_values

CASES = st.tuples(st.sampled_from(sorted(FIELDS)), st.integers(0, 2**32 - 1))
EXAMPLES = settings(max_examples=400)
COUNTRY, AREAS = FIELDS["target.country"], FIELDS["skills.areas"]
LAB_YEARS = FIELDS["credentials.research_lab_years"]
PAPERS = FIELDS["publications.top_tier_papers"]


def random_tests(field: Field, rng: random.Random) -> list[Test]:
    return [random_test(field, rng) for _ in range(rng.randint(0, 4))]


def random_test(field: Field, rng: random.Random) -> Test:
    if rng.random() < 0.1:
        return Test(field.path, "is known")
    if field.kind is Kind.FLAG:
        return Test(field.path, "is", rng.random() < 0.5)
    if field.kind is Kind.NUMBER:
        numbers = [each for each in profile_values(field) if isinstance(each, int | float)]
        if not field.integral:
            numbers += [0.25, 1 / 3]
        return Test(field.path, rng.choice((">=", ">", "<", "<=")), rng.choice(numbers))
    if field.kind is Kind.SET and rng.random() < 0.3:
        return Test(field.path, rng.choice(("is empty", "is not empty")))
    tokens = field.values[:3] if field.kind is Kind.SET else field.values or ("US", "DE")
    chosen = rng.sample(tokens, rng.randint(1, 2))
    ops = ("has", "lacks") if field.kind is Kind.SET else ("is", "is not")
    return Test(field.path, rng.choice(ops), tuple(chosen))


def made(case: tuple[str, int]) -> tuple[Field, list[Test], Cells, list[FactValue]]:
    """A field, tests of it, their cells, and many values of the field."""
    field, rng = FIELDS[case[0]], random.Random(case[1])
    tests = random_tests(field, rng)
    tried: list[FactValue] = telling_values(field)  # type: ignore[assignment]
    if field.kind is Kind.NUMBER and not field.integral:
        more = (0.2, 0.25, 0.3, 1 / 3, 0.34, rng.random())
        tried = [*tried, *(number for number in more if number <= field.most)]
    return field, tests, cells_of(field, tests), tried


def accepted(tests: list[Test], value: FactValue) -> list[bool]:
    return [test.accepts(value) for test in tests]


@EXAMPLES
@given(case=CASES)
def test_tests_tell_cells_apart_and_nothing_else(case: tuple[str, int]) -> None:
    _, tests, cells, tried = made(case)
    for a, b in itertools.combinations(tried, 2):
        same = accepted(tests, a) == accepted(tests, b)
        assert (cells.locate(a) == cells.locate(b)) == same


@EXAMPLES
@given(case=CASES)
def test_a_sample_stands_for_its_cell(case: tuple[str, int]) -> None:
    _, tests, cells, tried = made(case)
    for cell in range(len(cells)):
        assert cells.locate(cells.sample(cell)) == cell
    for value in tried:
        sample = cells.sample(cells.locate(value))
        assert accepted(tests, sample) == accepted(tests, value)


@EXAMPLES
@given(case=CASES)
def test_every_cell_can_be_met(case: tuple[str, int]) -> None:
    field, _, cells, tried = made(case)
    met = {cells.locate(value) for value in tried}
    if field.kind is Kind.NUMBER:
        met |= {cells.locate(cells.sample(cell)) for cell in range(len(cells))}
    assert met == {*range(len(cells))}


@EXAMPLES
@given(case=CASES, only_up=st.booleans())
def test_nearest_is_a_valid_value_of_the_cell(case: tuple[str, int], only_up: bool) -> None:
    field, _, cells, tried = made(case)
    for value, cell in itertools.product([None, *tried[::3]], range(len(cells))):
        found = cells.nearest(cell, value, only_up)
        # Texts that no rule asks for have no name.
        named = [
            each
            for each in tried
            if cells.locate(each) == cell
            and (field.kind is not Kind.TEXT or each in ("US", "DE"))
            and (value is None or not only_up or not_below(field, each, value))
        ]
        if found is None:
            assert field.kind is Kind.TEXT or not named
            continue
        assert cells.locate(found) == cell
        if isinstance(found, int | float):
            assert field.least <= found <= field.most
            assert not field.integral or isinstance(found, int)
        if value is not None and only_up:
            assert not_below(field, found, value)
        if value is not None:
            assert all(gap(field, found, value) <= gap(field, e, value) + 1 for e in named)


def not_below(field: Field, value: FactValue, other: FactValue) -> bool:
    if isinstance(value, frozenset) and isinstance(other, frozenset):
        return value >= other
    if isinstance(value, str):
        order = field.values
        return not order or order.index(value) >= order.index(str(other))
    assert isinstance(value, int | float)
    assert isinstance(other, int | float)
    return value >= other


def gap(field: Field, value: FactValue, other: FactValue) -> float:
    """How far apart two values are; one is allowed, for there may be no nearest fraction."""
    if isinstance(value, frozenset) and isinstance(other, frozenset):
        return 1 + len(value ^ other)
    if isinstance(value, str):
        order = field.values
        return abs(order.index(value) - order.index(str(other))) if order else 0
    assert isinstance(value, int | float)
    assert isinstance(other, int | float)
    return abs(value - other)


def test_numbers_end_where_the_contract_does() -> None:
    tests = [Test(LAB_YEARS.path, ">=", 0), Test(LAB_YEARS.path, "<=", 80)]
    assert len(cells_of(LAB_YEARS, tests)) == 1
    tests = [Test(LAB_YEARS.path, ">", 0), Test(LAB_YEARS.path, ">=", 80)]
    cells = cells_of(LAB_YEARS, tests)
    assert [cells.locate(value) for value in (0.0, 0.001, 79.9, 80.0)] == [0, 1, 1, 2]


def test_words_name_the_bounds() -> None:
    vocabulary = load_ruleset().vocabulary
    papers = cells_of(PAPERS, [Test(PAPERS.path, ">", 0), Test(PAPERS.path, ">=", 3)])
    years = cells_of(LAB_YEARS, [Test(LAB_YEARS.path, ">", 0), Test(LAB_YEARS.path, ">=", 2)])
    said = [papers.words([cell], vocabulary) for cell in range(3)]
    assert said == ["0", "at least 1 and at most 2", "at least 3"]
    assert papers.words([1, 2], vocabulary) == "at least 1"
    assert papers.words([0, 1, 2], vocabulary) == "given"
    said = [years.words([cell], vocabulary) for cell in range(3)]
    assert said == ["at most 0", "more than 0 and less than 2", "at least 2"]


def test_distance_is_that_to_the_nearest_value() -> None:
    papers = cells_of(PAPERS, [Test(PAPERS.path, ">=", 3)])
    assert isinstance(papers, NumberCells)
    assert papers.distance(1, 1) == 2
    assert papers.distance(0, 7) == 5
    years = cells_of(LAB_YEARS, [Test(LAB_YEARS.path, ">=", 2)])
    assert isinstance(years, NumberCells)
    assert years.distance(1, 0.5) == 1.5
    assert years.distance(0, 2.5) == 0.5


def test_a_set_keeps_the_members_that_no_rule_asks_for() -> None:
    asked, *others = AREAS.values[:4]
    cells = cells_of(AREAS, [Test(AREAS.path, "has", (asked,))])
    has, mine = cells.locate(frozenset({asked})), frozenset(others)
    for only_up in (False, True):
        assert cells.nearest(has, mine, only_up) == mine | {asked}
    lacks = cells.locate(mine)
    assert cells.nearest(lacks, mine | {asked}) == mine
    assert cells.nearest(lacks, mine | {asked}, only_up=True) is None


def test_too_many_members_are_refused() -> None:
    tests = [Test(AREAS.path, "has", (member,)) for member in AREAS.values]
    with pytest.raises(CellCountError, match=r"10 members of skills\.areas"):
        cells_of(AREAS, tests)


def test_texts_that_no_rule_asks_for_are_alike() -> None:
    cells = cells_of(COUNTRY, [Test(COUNTRY.path, "is", ("US",))])
    assert cells.locate("FR") == cells.locate("DE") != cells.locate("US")
    assert cells.nearest(cells.locate("FR"), "US") is None
    assert cells.nearest(cells.locate("US"), "FR") == "US"
    assert cells.words([cells.locate("FR")], load_ruleset().vocabulary) == "another one"
