"""FindChanges as a real server answers it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from rolefit.client.profile import parse_profile
from rolefit.v1.change_pb2 import (
    CHANGE_GOAL_OPEN,
    CHANGE_OUTCOME_ALREADY,
    CHANGE_OUTCOME_FOUND,
    CHANGE_OUTCOME_NONE_EXISTS,
    ChangeLimits,
)
from rolefit.v1.field_change_pb2 import EFFORT_MONTHS, EFFORT_WISH, EFFORT_YEARS
from rolefit.v1.path_pb2 import (
    PATH_ML_ENGINEER,
    PATH_RESEARCH_ENGINEER,
    PATH_RESEARCH_SCIENTIST,
    PATH_UNDETERMINED,
)
from rolefit.v1.profile_pb2 import CandidateProfile, Skills
from rolefit.v1.recommendation_service_pb2 import (
    FindChangesRequest,
    FindChangesResponse,
    RecommendRequest,
)
from tests.cases import CASES

from .calls import SERVICE, bad_fields, code, reason, send

METHOD = f"/{SERVICE}/FindChanges"
ASPIRANT = parse_profile(next(case["profile"] for case in CASES if case["id"] == "V07"))


def request(**fields: Any) -> FindChangesRequest:
    fields = {"profile": ASPIRANT, "target_path": PATH_RESEARCH_SCIENTIST, **fields}
    return FindChangesRequest(**fields)


def call(opened: grpc.Channel, asked: FindChangesRequest) -> bytes:
    ask: Any = opened.unary_unary(METHOD)
    answer: bytes = ask(asked.SerializeToString(), timeout=20)
    return answer


def answered(opened: grpc.Channel, asked: FindChangesRequest) -> FindChangesResponse:
    return FindChangesResponse.FromString(call(opened, asked))


def refused(opened: grpc.Channel, asked: FindChangesRequest) -> dict[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call(opened, asked)
    assert code(caught.value) == grpc.StatusCode.INVALID_ARGUMENT
    assert reason(caught.value)
    return bad_fields(caught.value)


def test_finds_changes_that_recommend_confirms(opened: grpc.Channel) -> None:
    answer = answered(opened, request())
    assert answer.current_path == PATH_RESEARCH_ENGINEER
    assert answer.outcome == CHANGE_OUTCOME_FOUND
    assert len(answer.changes) == 5
    assert answer.headline
    assert answer.ruleset.digest.startswith("sha256:")
    assert len(bytes.fromhex(answer.decision_id)) == 16
    for change in answer.changes:
        assert {field.effort for field in change.fields} == {EFFORT_YEARS}
        again = RecommendRequest(profile=change.profile).SerializeToString()
        assert send(opened, again).recommendation.path == PATH_RESEARCH_SCIENTIST


def test_the_limits_of_a_request_count(opened: grpc.Channel) -> None:
    fewer = answered(opened, request(limits=ChangeLimits(max_changes=2)))
    assert len(fewer.changes) == 2
    small = answered(opened, request(limits=ChangeLimits(max_fields=1)))
    assert len(small.changes) == 4
    soon = answered(opened, request(limits=ChangeLimits(max_effort=EFFORT_MONTHS)))
    assert soon.outcome == CHANGE_OUTCOME_NONE_EXISTS
    kept = "publications.benchmark_setting"
    answer = answered(opened, request(limits=ChangeLimits(keep=[kept])))
    assert len(answer.changes) == 4
    assert not any(field.field == kept for c in answer.changes for field in c.fields)


def test_wishes_may_change_only_if_the_request_says_so(opened: grpc.Channel) -> None:
    firm = answered(opened, request(target_path=PATH_ML_ENGINEER))
    assert firm.outcome == CHANGE_OUTCOME_NONE_EXISTS
    limits = ChangeLimits(wishes_may_change=True)
    free = answered(opened, request(target_path=PATH_ML_ENGINEER, limits=limits))
    assert free.outcome == CHANGE_OUTCOME_FOUND


def test_opening_a_path_is_a_goal_of_its_own(opened: grpc.Channel) -> None:
    goal = CHANGE_GOAL_OPEN
    answer = answered(opened, request(target_path=PATH_ML_ENGINEER, goal=goal))
    assert answer.outcome == CHANGE_OUTCOME_ALREADY
    assert answer.current_path == PATH_RESEARCH_ENGINEER
    assert not answer.changes


def test_equal_requests_get_equal_bytes_but_for_the_decision(opened: grpc.Channel) -> None:
    def bytes_and_id() -> tuple[bytes, str]:
        answer = answered(opened, request())
        decision_id = answer.decision_id
        answer.ClearField("decision_id")
        return answer.SerializeToString(), decision_id

    (first, one), (second, other) = bytes_and_id(), bytes_and_id()
    assert first == second
    assert one != other


BAD_SKILL = CandidateProfile(skills=Skills(model_depth=9))


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        (request(target_path=None), "target_path", "one of the five paths"),
        (request(target_path=PATH_UNDETERMINED), "target_path", "one of the five paths"),
        (request(target_path=99), "target_path", "a known Path"),
        (request(goal=9), "goal", "a known ChangeGoal"),
        (request(profile=None), "profile", "is required; it may be empty"),
        (request(profile=BAD_SKILL), "profile.skills.model_depth", "rating from 1 to 5, was 9"),
        (request(limits=ChangeLimits(max_changes=0)), "limits.max_changes", "from 1 to 20"),
        (request(limits=ChangeLimits(max_changes=21)), "limits.max_changes", "was 21"),
        (request(limits=ChangeLimits(max_fields=0)), "limits.max_fields", "at least 1"),
        (
            request(limits=ChangeLimits(max_effort=EFFORT_WISH)),
            "limits.max_effort",
            "set limits.wishes_may_change",
        ),
        (
            request(limits=ChangeLimits(keep=["skills.charm"])),
            "limits.keep[0]",
            "path of a field in CandidateProfile, was 'skills.charm'",
        ),
        (
            request(limits=ChangeLimits(keep=["level", "profile.level"])),
            "limits.keep[1]",
            "was 'profile.level'",
        ),
    ],
)
def test_a_bad_field_is_named(
    opened: grpc.Channel, asked: FindChangesRequest, field: str, says: str
) -> None:
    bad = refused(opened, asked)
    assert list(bad) == [field]
    assert says in bad[field]


def test_every_bad_field_is_named_at_once(opened: grpc.Channel) -> None:
    limits = ChangeLimits(max_changes=0, max_effort=EFFORT_WISH, keep=["nothing"])
    bad = refused(opened, FindChangesRequest(limits=limits))
    assert {*bad} == {
        "profile",
        "target_path",
        "limits.max_changes",
        "limits.max_effort",
        "limits.keep[0]",
    }
