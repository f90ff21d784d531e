"""Fields by name, and FIELD=VALUE as a person gives it to a command."""

from __future__ import annotations

import pytest

from rolefit.client import parse_profile
from rolefit.client.assignment import (
    Assignment,
    apply_all,
    read_assignment,
    read_assignments,
)
from rolefit.client.field_value import UnfitError
from rolefit.client.profile_field import Kind, field_paths, find_field, named_field
from rolefit.client.profile_writing import short_form
from rolefit.client.typed_answer import TypedAnswer
from rolefit.v1.profile_pb2 import CandidateProfile

FIELDS = field_paths()
TYPED = {Kind.FLAG: "n", Kind.NUMBER: "1", Kind.CHOICE: "2", Kind.SET: "1, 3", Kind.TEXT: "de"}


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_goes_by_its_path_or_the_last_part_of_it(path: str) -> None:
    last = path.rpartition(".")[2]
    for name in (path, last, last.replace("_", "-"), path.upper()):
        assert named_field(name) == find_field(path)


def test_suggests_the_nearest_field() -> None:
    with pytest.raises(UnfitError, match=r'no field "top_teir_papers".*top_tier_papers\?'):
        named_field("top_teir_papers")
    for name in ("", "goals", "goals.", "."):
        with pytest.raises(UnfitError, match="no field"):
            named_field(name)


@pytest.mark.parametrize("path", FIELDS)
def test_a_value_can_be_put_and_taken_away(path: str) -> None:
    field = find_field(path)
    assert field is not None
    given = field.put(CandidateProfile(), TypedAnswer(field).read(TYPED[field.kind]))
    before = CandidateProfile()
    before.CopyFrom(given)
    assert short_form(field.clear(given)) == {}
    assert given == before


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("goals.motives=curiosity,safety", (4, 2)),
        ("motives=[CURIOSITY, SAFETY]", (4, 2)),
        ("motives=[]", ()),
        ("motives=none", ()),
        ("phd-status=in progress", 2),
        ("phd_status=IN_PROGRESS", 2),
        ("first_instinct = understand", 2),
        ("level=SENIOR", 3),
        ("top_tier_papers=3", 3),
        ("integration_time_share=0.4", 0.4),
        ("benchmark_setting=true", True),
        ("benchmark_setting=no", False),
        ("country=de", "DE"),
    ],
)
def test_reads_assignments(text: str, value: object) -> None:
    read = read_assignment(text).value
    assert (sorted(read) if isinstance(read, tuple) else read) == (
        sorted(value) if isinstance(value, tuple) else value
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("level", r'expected FIELD=VALUE, not "level"'),
        ("papers=3", r'there is no field "papers"; did you mean .*papers\?'),
        ("=3", "there is no field"),
        ("phd_status=maybe", r"^credentials\.phd_status: expected none, .* or completed; not"),
        ("motives=fame", r"^goals\.motives: expected none, or with commas between: prestige"),
        ("top_tier_papers=-1", "a whole number, 0 or more"),
        ("top_tier_papers=many", "a whole number, 0 or more"),
        ("model_depth=9", r"^skills\.model_depth: expected a rating from 1 to 5; not "),
        ("benchmark_setting=perhaps", "expected y or n"),
        ("country=Germany", r"^target\.country: expected "),
        ("level=", r"not nothing; --unset level takes it away"),
    ],
)
def test_says_what_an_assignment_could_be(text: str, says: str) -> None:
    with pytest.raises(UnfitError, match=says):
        read_assignment(text)


def test_says_all_that_is_wrong_at_once() -> None:
    with pytest.raises(UnfitError) as error:
        read_assignments(["level=boss", "level=mid", "model_depth=9"])
    assert [line.split(":")[0] for line in str(error.value).splitlines()] == [
        "level",
        "skills.model_depth",
    ]


def test_makes_all_assignments_and_refuses_two_of_one_field() -> None:
    start = parse_profile({"level": "MID", "skills": {"model_depth": 3}})
    unset = Assignment(read_assignment("level=mid").field, None)
    made = apply_all([read_assignment("model_depth=5"), unset], start)
    assert short_form(made) == {"skills": {"model_depth": 5}}
    assert short_form(start) == {"level": "MID", "skills": {"model_depth": 3}}
    with pytest.raises(UnfitError, match="level: given twice"):
        apply_all([read_assignment("level=mid"), unset], start)
