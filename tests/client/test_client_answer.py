from __future__ import annotations

import copy
import dataclasses
import pickle
from itertools import count
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

import rolefit.client as public
from rolefit.client import (
    Answer,
    Certainty,
    ChangeOutcome,
    Changes,
    Path,
    PreparationPack,
    ProfileComparison,
    Ternary,
    read_answer,
    read_changes,
    read_comparison,
    read_pack,
)
from rolefit.client.vocabulary import Word
from rolefit.v1 import (
    change_pb2,
    comparison_pb2,
    evidence_pb2,
    field_change_pb2,
    path_pb2,
    preparation_pb2,
    profile_pb2,
    recommendation_pb2,
)
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesResponse,
    FindChangesResponse,
    PrepareResponse,
    RecommendResponse,
)

FILES = (
    evidence_pb2,
    preparation_pb2,
    recommendation_pb2,
    comparison_pb2,
    field_change_pb2,
    change_pb2,
)
MESSAGES = [
    message
    for file in FILES
    for message in file.DESCRIPTOR.message_types_by_name.values()
    if message is not change_pb2.ChangeLimits.DESCRIPTOR  # part of a request
]
ENUMS: list[EnumDescriptor] = [
    path_pb2.Path.DESCRIPTOR,
    profile_pb2.Level.DESCRIPTOR,
    *(enum for file in FILES for enum in file.DESCRIPTOR.enum_types_by_name.values()),
]


def short(enum: EnumDescriptor, number: int) -> str:
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return enum.values_by_number[number].name.removeprefix(prefix)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_a_dataclass_has_every_field_of_its_message(message: Descriptor) -> None:
    mirror = getattr(public, message.name)
    assert [f.name for f in dataclasses.fields(mirror)] == [f.name for f in message.fields]


def test_an_answer_has_every_field_of_the_response() -> None:
    found = recommendation_pb2.Recommendation.DESCRIPTOR.fields
    around = RecommendResponse.DESCRIPTOR.fields
    expected = [f.name for f in (*found, *around) if f.name != "recommendation"]
    assert [f.name for f in dataclasses.fields(Answer)] == [*expected, "message"]


def test_a_pack_has_every_field_of_the_response() -> None:
    expected = [f.name for f in PrepareResponse.DESCRIPTOR.fields]
    assert [f.name for f in dataclasses.fields(PreparationPack)] == [*expected, "message"]


def test_a_comparison_has_every_field_of_the_response() -> None:
    found = comparison_pb2.Comparison.DESCRIPTOR.fields
    around = CompareProfilesResponse.DESCRIPTOR.fields
    expected = [f.name for f in (*found, *around) if f.name != "comparison"]
    assert [f.name for f in dataclasses.fields(ProfileComparison)] == [*expected, "message"]


def test_changes_have_every_field_of_the_response() -> None:
    expected = [f.name for f in FindChangesResponse.DESCRIPTOR.fields]
    assert [f.name for f in dataclasses.fields(Changes)] == [*expected, "message"]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.name)
def test_an_enum_has_every_value_of_the_contract(enum: EnumDescriptor) -> None:
    words: type[Word] = getattr(public, enum.name)
    expected = [short(enum, value.number) for value in enum.values]
    assert [str(word) for word in words] == [*expected, "UNRECOGNIZED"]
    assert all(word.name == word.value for word in words)


def filled(message: Message, numbers: count[int]) -> None:
    """Sets every field to a value that comes nowhere else, two members to a list."""
    for field in message.DESCRIPTOR.fields:
        for _ in range(2 if field.is_repeated else 1):
            if field.message_type is not None:
                inner = getattr(message, field.name)
                filled(inner.add() if field.is_repeated else inner, numbers)
                continue
            number = next(numbers)
            value: Any = number
            if field.enum_type is not None:
                values = field.enum_type.values
                value = values[1 + number % (len(values) - 1)].number
            elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
                value = f"text {number}"
            elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
                value = True
            elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
                value = number + 0.5
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


def assert_mirrors(value: Any, raw: Any, field: FieldDescriptor) -> None:
    if isinstance(value, Message):
        assert value == raw
    elif field.message_type is not None:
        for inner in field.message_type.fields:
            mine, theirs = getattr(value, inner.name), getattr(raw, inner.name)
            if inner.is_repeated:
                assert isinstance(mine, tuple)
                assert len(mine) == len(theirs)
                for one, other in zip(mine, theirs, strict=True):
                    assert_mirrors(one, other, inner)
            else:
                assert_mirrors(mine, theirs, inner)
    elif field.enum_type is not None:
        assert value == short(field.enum_type, raw)
    else:
        assert value == raw


def full_response() -> RecommendResponse:
    response = RecommendResponse()
    filled(response, count(1))
    return response


def test_every_value_arrives_in_its_place() -> None:
    response = full_response()
    answer = read_answer(response)

    by_name = RecommendResponse.DESCRIPTOR.fields_by_name
    assert_mirrors(answer, response.recommendation, by_name["recommendation"])
    assert_mirrors(answer.ruleset, response.ruleset, by_name["ruleset"])
    assert answer.decision_id == response.decision_id
    assert answer.message is response
    assert answer.codes() == {found.code for found in response.recommendation.findings}


def test_every_value_of_a_pack_arrives_in_its_place() -> None:
    response = PrepareResponse()
    filled(response, count(1))
    pack = read_pack(response)
    for field in PrepareResponse.DESCRIPTOR.fields:
        if field.is_repeated:
            for mine, theirs in zip(pack.preparations, response.preparations, strict=True):
                assert_mirrors(mine, theirs, field)
        else:
            assert_mirrors(getattr(pack, field.name), getattr(response, field.name), field)
    assert pack.message is response
    held = pack.preparations[0]
    assert pack.preparation_for(held.path) is held
    assert pack.preparation_for(Path.UNRECOGNIZED) is None


def test_every_value_of_a_comparison_arrives_in_its_place() -> None:
    response = CompareProfilesResponse()
    filled(response, count(1))
    comparison = read_comparison(response)
    by_name = CompareProfilesResponse.DESCRIPTOR.fields_by_name
    assert_mirrors(comparison, response.comparison, by_name["comparison"])
    assert_mirrors(comparison.ruleset, response.ruleset, by_name["ruleset"])
    assert comparison.decision_id == response.decision_id
    assert comparison.message is response


def test_every_value_of_changes_arrives_in_its_place() -> None:
    response = FindChangesResponse()
    filled(response, count(1))
    changes = read_changes(response)
    for field in FindChangesResponse.DESCRIPTOR.fields:
        if field.is_repeated:
            for mine, theirs in zip(changes.changes, response.changes, strict=True):
                assert_mirrors(mine, theirs, field)
        else:
            assert_mirrors(getattr(changes, field.name), getattr(response, field.name), field)
    assert changes.message is response


def test_changes_are_frozen_and_can_be_copied_and_stored() -> None:
    response = FindChangesResponse()
    filled(response, count(1))
    changes = read_changes(response)
    with pytest.raises(dataclasses.FrozenInstanceError):
        changes.outcome = ChangeOutcome.FOUND  # type: ignore[misc]
    assert copy.deepcopy(changes) == changes
    assert pickle.loads(pickle.dumps(changes)) == changes
    assert hash(changes) == hash(read_changes(response))
    assert "skills {" not in repr(changes)


def test_no_changes_are_empty() -> None:
    changes = read_changes(FindChangesResponse())
    assert (changes.outcome, changes.changes) == (ChangeOutcome.UNSPECIFIED, ())
    assert changes.current_path is Path.UNSPECIFIED


def test_prints_as_the_short_name() -> None:
    assert str(Path.ML_ENGINEER) == f"{Path.ML_ENGINEER}" == "ML_ENGINEER"
    assert Path("ML_ENGINEER") is Path.ML_ENGINEER


def test_what_the_server_leaves_out_is_empty() -> None:
    answer = read_answer(RecommendResponse())
    assert answer.path is Path.UNSPECIFIED
    assert answer.certainty is Certainty.UNSPECIFIED
    assert answer.findings == ()
    assert answer.seat.available is Ternary.UNSPECIFIED
    assert answer.compensation is None
    assert answer.trace is None
    assert answer.codes() == set()


def test_a_value_of_a_newer_server_is_unrecognized() -> None:
    path, possible, certainty, field_99 = (
        b"\x08\x63",
        b"\x1a\x02\x01\x63",
        b"\x10\x63",
        b"\x98\x06\x01",
    )
    found = recommendation_pb2.Recommendation.FromString(path + certainty + possible + field_99)
    answer = read_answer(RecommendResponse(recommendation=found))
    assert answer.path is Path.UNRECOGNIZED
    assert answer.certainty is Certainty.UNRECOGNIZED
    assert answer.possible_paths == (Path.ML_ENGINEER, Path.UNRECOGNIZED)
    assert answer.message.recommendation.path == 99


def test_is_frozen_and_can_be_copied_and_stored() -> None:
    answer = read_answer(full_response())
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.path = Path.ML_ENGINEER  # type: ignore[misc]
    assert copy.deepcopy(answer) == answer
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert hash(answer) == hash(read_answer(full_response()))
    assert "recommendation {" not in repr(answer)  # the raw message would fill the screen


def test_finds_the_assessment_of_a_path() -> None:
    answer = read_answer(full_response())
    held = answer.assessments[0]
    assert answer.assessment_of(held.path) is held
    assert answer.assessment_of(Path.UNRECOGNIZED) is None
