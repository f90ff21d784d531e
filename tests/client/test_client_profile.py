from __future__ import annotations

import json
import math
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from rolefit.client import InvalidProfile, Path, parse_profile
from rolefit.v1.profile_pb2 import (
    FIRST_INSTINCT_DEPLOY,
    LEVEL_SENIOR,
    MOTIVE_CURIOSITY,
    MOTIVE_PRESTIGE,
    CandidateProfile,
    Compensation,
    Engineering,
    Goals,
    ImpactSet,
    MotiveSet,
    Temperament,
)


def violations(profile: Any) -> dict[str, str]:
    with pytest.raises(InvalidProfile) as caught:
        parse_profile(profile)
    assert caught.value.code is None
    return {each.field: each.description for each in caught.value.violations}


def first_values(message: Descriptor) -> dict[str, Any]:
    """An object with every field of a message set, in proto JSON."""
    kinds: dict[int, Any] = {
        FieldDescriptor.CPPTYPE_BOOL: False,
        FieldDescriptor.CPPTYPE_INT32: 3,
        FieldDescriptor.CPPTYPE_DOUBLE: 0.5,
        FieldDescriptor.CPPTYPE_STRING: "NO",
    }
    values: dict[str, Any] = {}
    for field in message.fields:
        value: Any
        if field.message_type is not None:
            value = first_values(field.message_type)
        elif field.enum_type is not None:
            value = field.enum_type.values[1].name
        else:
            value = kinds[field.cpp_type]
        values[field.name] = [value] if field.is_repeated else value
    return values


def test_reads_every_field_of_the_contract_as_proto_json_does() -> None:
    everything = first_values(CandidateProfile.DESCRIPTOR)
    expected = json_format.ParseDict(everything, CandidateProfile())

    assert parse_profile(everything) == expected
    for snake in (True, False):
        text = json_format.MessageToJson(expected, preserving_proto_field_name=snake)
        assert parse_profile(text) == expected


def test_reads_the_short_form() -> None:
    profile = parse_profile(
        {
            "level": "SENIOR",
            "temperament": {"first_instinct": "deploy", "likes_shipping": 5.0},
            "goals": {"motives": ["PRESTIGE", "MOTIVE_CURIOSITY", "PRESTIGE"]},
            "engineering": {"yearsSoftware": 9, "measured_impact": ()},
        }
    )
    assert profile == CandidateProfile(
        level=LEVEL_SENIOR,
        temperament=Temperament(first_instinct=FIRST_INSTINCT_DEPLOY, likes_shipping=5),
        goals=Goals(
            motives=MotiveSet(values=[MOTIVE_PRESTIGE, MOTIVE_CURIOSITY, MOTIVE_PRESTIGE])
        ),
        engineering=Engineering(years_software=9, measured_impact=ImpactSet()),
    )


def test_takes_the_words_of_an_answer_and_the_numbers_of_the_contract() -> None:
    by_word = parse_profile({"goals": {"stated_target": Path.RESEARCH_SCIENTIST}})
    by_number = parse_profile({"goals": {"stated_target": 2}})
    by_name = parse_profile({"goals": {"stated_target": "PATH_RESEARCH_SCIENTIST"}})
    assert by_word == by_number == by_name


def test_returns_a_message_as_it_is() -> None:
    message = CandidateProfile(level=LEVEL_SENIOR)
    assert parse_profile(message) is message


@pytest.mark.parametrize("empty", [{}, "{}", " {\n} "])
def test_an_empty_profile_is_valid(empty: Any) -> None:
    assert parse_profile(empty) == CandidateProfile()


def test_tells_none_found_from_not_looked_at() -> None:
    profile = parse_profile(
        {
            "publications": {"top_tier_papers": 0, "benchmark_setting": False},
            "goals": {"motives": []},
            "skills": {},
        }
    )
    assert profile.publications.HasField("top_tier_papers")
    assert profile.publications.HasField("benchmark_setting")
    assert not profile.publications.HasField("other_papers")
    assert profile.goals.HasField("motives")
    assert profile.HasField("skills")
    assert not profile.skills.HasField("areas")


def test_null_means_absent() -> None:
    profile = parse_profile('{"level": null, "goals": {"motives": null}, "skills": null}')
    assert profile == CandidateProfile(goals=Goals())


def test_the_unspecified_value_is_accepted_alone() -> None:
    assert parse_profile({"level": "LEVEL_UNSPECIFIED"}).level == 0


@pytest.mark.parametrize(
    ("profile", "field", "says"),
    [
        pytest.param(
            {"temperament": {"frist_instinct": "DEPLOY"}},
            "profile.temperament.frist_instinct",
            "did you mean first_instinct?",
            id="unknown field",
        ),
        pytest.param(
            {"nmae": "x"}, "profile.nmae", "expected one of level,", id="fields listed"
        ),
        pytest.param({7: 1}, "profile.7", "no such field", id="name that is no text"),
        pytest.param(
            {"temperament": {"first_instinct": "DEPOLY"}},
            "profile.temperament.first_instinct",
            'expected one of DEPLOY, UNDERSTAND, BOTH, not "DEPOLY"; did you mean DEPLOY?',
            id="unknown enum value",
        ),
        pytest.param({"level": 77}, "profile.level", "expected one of EARLY", id="enum number"),
        pytest.param({"level": True}, "profile.level", "not true", id="bool as enum"),
        pytest.param({"level": ["MID"]}, "profile.level", "not a list", id="list as enum"),
        pytest.param(
            {"goals": {"motives": ["CURIOUS"]}},
            "profile.goals.motives.values[0]",
            "did you mean CURIOSITY?",
            id="unknown set member",
        ),
        pytest.param(
            {"goals": {"motives": {"values": ["SAFETY", "UNSPECIFIED"]}}},
            "profile.goals.motives.values[1]",
            "expected one of PRESTIGE",
            id="unspecified set member",
        ),
        pytest.param(
            {"goals": {"motives": ["SAFETY", None]}},
            "profile.goals.motives.values[1]",
            "not null",
            id="null set member",
        ),
        pytest.param(
            {"goals": {"motives": "SAFETY"}},
            "profile.goals.motives",
            'expected a list, not "SAFETY"',
            id="text as set",
        ),
        pytest.param(
            {"goals": {"motives": {"values": {}}}},
            "profile.goals.motives.values",
            "expected a list, not an object",
            id="object as list",
        ),
        pytest.param(
            {"temperament": {"likes_shipping": True}},
            "profile.temperament.likes_shipping",
            "expected a rating from 1 to 5, not true",
            id="bool as int",
        ),
        pytest.param(
            {"temperament": {"likes_shipping": "5"}},
            "profile.temperament.likes_shipping",
            'not "5"',
            id="text as int",
        ),
        pytest.param(
            {"publications": {"citations": 2.5}},
            "profile.publications.citations",
            "expected a whole number, not 2.5",
            id="fraction as int",
        ),
        pytest.param(
            {"publications": {"citations": 2**31}},
            "profile.publications.citations",
            "expected a whole number from 0 to 2147483647, not 2147483648",
            id="int too large",
        ),
        pytest.param(
            {"publications": {"citations": 10**5000}},
            "profile.publications.citations",
            "expected a whole number from 0",
            id="int that cannot be printed",
        ),
        pytest.param(
            {"publications": {"citations": math.inf}},
            "profile.publications.citations",
            "expected a whole number",
            id="infinity as int",
        ),
        pytest.param(
            {"goals": {"wants_broad_market": 1}},
            "profile.goals.wants_broad_market",
            "expected true or false, not 1",
            id="int as bool",
        ),
        pytest.param(
            {"goals": {"wants_broad_market": "yes"}},
            "profile.goals.wants_broad_market",
            'expected true or false, not "yes"',
            id="text as bool",
        ),
        pytest.param(
            {"engineering": {"years_software": math.nan}},
            "profile.engineering.years_software",
            "expected a finite number, not NaN",
            id="nan",
        ),
        pytest.param(
            {"engineering": {"years_software": 10**400}},
            "profile.engineering.years_software",
            "expected a finite number",
            id="number beyond a double",
        ),
        pytest.param(
            {"engineering": {"years_software": False}},
            "profile.engineering.years_software",
            "expected a number, not false",
            id="bool as number",
        ),
        pytest.param(
            {"target": {"country": False}},
            "profile.target.country",
            "not false",
            id="bool as text",
        ),
        pytest.param(
            {"target": {"country": "\ud800"}},
            "profile.target.country",
            "surrogate",
            id="surrogate",
        ),
        pytest.param(
            {"skills": 3}, "profile.skills", "expected an object", id="number as object"
        ),
        pytest.param({"skills": []}, "profile.skills", "not a list", id="list as object"),
        pytest.param(
            {"skills": {"eval_design": 3, "evalDesign": 4}},
            "profile.skills.eval_design",
            "given twice",
            id="both spellings",
        ),
        pytest.param(
            '{"level": "MID", "level": "EARLY"}',
            "profile.level",
            "given twice",
            id="name twice",
        ),
        pytest.param("[]", "profile", "expected an object with fields, not a list", id="list"),
        pytest.param(None, "profile", "not null", id="none"),
        pytest.param('{"level": }', "profile", "line 1, column 11", id="broken JSON"),
        pytest.param("", "profile", "not JSON", id="no JSON"),
        pytest.param("[" * 100_000, "profile", "nested too deeply", id="bottomless JSON"),
        pytest.param(
            '{"level": ' + "9" * 5000 + "}", "profile", "too long", id="endless number"
        ),
        pytest.param('{"engineering": {"years_software": NaN}}', None, "NaN", id="NaN in JSON"),
    ],
)
def test_says_what_is_wrong(profile: Any, field: str | None, says: str) -> None:
    found = violations(profile)
    assert len(found) == 1
    where, description = found.popitem()
    assert field in (None, where)
    assert says in description


def test_lists_everything_that_is_wrong_at_once() -> None:
    with pytest.raises(InvalidProfile) as caught:
        parse_profile(
            {
                "level": "BOSS",
                "salary": 1,
                "temperament": {"first_instinct": "RUN", "likes_shipping": "a lot"},
                "goals": {"motives": ["PRESTIGE", "FAME", 30]},
                "skills": "many",
            }
        )
    fields = [each.field for each in caught.value.violations]
    assert fields == [
        "profile.level",
        "profile.salary",
        "profile.temperament.first_instinct",
        "profile.temperament.likes_shipping",
        "profile.goals.motives.values[1]",
        "profile.goals.motives.values[2]",
        "profile.skills",
    ]
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == fields


def test_leaves_limits_to_the_server() -> None:
    profile = {"temperament": {"likes_shipping": 9}, "compensation": {"equity_share": 1.4}}
    assert parse_profile(profile) == CandidateProfile(
        temperament=Temperament(likes_shipping=9), compensation=Compensation(equity_share=1.4)
    )


def test_a_long_value_is_not_repeated_whole() -> None:
    (description,) = violations(json.dumps({"level": "x" * 10_000})).values()
    assert len(description) < 300
