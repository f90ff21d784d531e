"""The checks against the contract itself."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from rolefit.server.validation import violations
from rolefit.v1 import constraints_pb2
from rolefit.v1.profile_pb2 import (
    LEVEL_MID,
    LEVEL_UNSPECIFIED,
    MOTIVE_MOBILITY,
    MOTIVE_SAFETY,
    SKILL_AREA_SERVING,
    SKILL_AREA_UNSPECIFIED,
    CandidateProfile,
)
from rolefit.v1.recommendation_service_pb2 import RecommendRequest


def limited(descriptor: Descriptor, path: tuple[str, ...] = ()) -> list[Any]:
    found: list[Any] = []
    for field in descriptor.fields:
        limits = field.GetOptions().Extensions[constraints_pb2.constraint]
        if field.message_type is not None:
            found += limited(field.message_type, (*path, field.name))
        elif limits.HasField("min"):
            found.append(pytest.param((*path, field.name), field, limits, id=field.full_name))
    return found


def put(path: tuple[str, ...], value: float) -> list[str]:
    request = RecommendRequest(profile=CandidateProfile())
    owner: Any = request.profile
    for name in path[:-1]:
        owner = getattr(owner, name)
    setattr(owner, path[-1], value)
    return [each.field for each in violations(request)]


@pytest.mark.parametrize(("path", "field", "limits"), limited(CandidateProfile.DESCRIPTOR))
def test_every_limit_is_kept_on_both_sides(
    path: tuple[str, ...], field: FieldDescriptor, limits: constraints_pb2.Constraint
) -> None:
    whole = field.cpp_type == FieldDescriptor.CPPTYPE_INT32
    number: type[float] = int if whole else float
    step = 1 if whole else 1e-9
    full = ".".join(("profile", *path))
    assert put(path, number(limits.min)) == []
    assert put(path, number(limits.min - step)) == [full]
    if limits.HasField("max"):
        assert put(path, number(limits.max)) == []
        assert put(path, number(limits.max + step)) == [full]


def test_a_profile_without_faults_has_no_violations() -> None:
    request = RecommendRequest(profile=CandidateProfile(level=LEVEL_MID))
    request.profile.goals.motives.values.extend(
        [MOTIVE_MOBILITY, MOTIVE_MOBILITY, MOTIVE_SAFETY]
    )
    request.profile.target.country = "DE"
    assert violations(request) == []


def test_unspecified_means_absent_outside_a_set() -> None:
    assert violations(RecommendRequest(profile=CandidateProfile(level=LEVEL_UNSPECIFIED))) == []


def test_a_long_row_of_bad_members_is_summed_up() -> None:
    request = RecommendRequest(profile=CandidateProfile())
    request.profile.skills.areas.values.extend(
        [SKILL_AREA_SERVING, *[SKILL_AREA_UNSPECIFIED] * 9]
    )
    found = violations(request)
    assert [each.field for each in found] == [
        "profile.skills.areas.values[1]",
        "profile.skills.areas.values[2]",
        "profile.skills.areas.values[3]",
        "profile.skills.areas.values",
    ]
    assert found[-1].description == "has 6 more bad members"


def test_a_missing_profile_and_a_bad_view_are_both_named() -> None:
    request = RecommendRequest(view=9)  # type: ignore[arg-type]
    assert [each.field for each in violations(request)] == ["profile", "view"]
