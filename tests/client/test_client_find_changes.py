from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from rolefit.client import (
    ChangeGoal,
    ChangeOutcome,
    Client,
    DeadlineExceeded,
    Effort,
    InvalidProfile,
    Path,
    RetryPolicy,
    RolefitError,
    ServerUnavailable,
)
from rolefit.v1.change_pb2 import (
    CHANGE_GOAL_OPEN,
    CHANGE_GOAL_RECOMMENDED,
    CHANGE_OUTCOME_FOUND,
    Change,
    ChangeLimits,
)
from rolefit.v1.field_change_pb2 import EFFORT_MONTHS, EFFORT_YEARS, FieldChange
from rolefit.v1.path_pb2 import PATH_RESEARCH_ENGINEER, PATH_RESEARCH_SCIENTIST
from rolefit.v1.profile_pb2 import LEVEL_MID, CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import FindChangesRequest, FindChangesResponse

Serve = Callable[..., str]
CallOf = Callable[..., Any]

FOUND = FindChangesResponse(
    current_path=PATH_RESEARCH_ENGINEER,
    outcome=CHANGE_OUTCOME_FOUND,
    changes=[
        Change(
            fields=[FieldChange(label="papers", needed="at least 3", effort=EFFORT_YEARS)],
            profile=CandidateProfile(level=LEVEL_MID),
            recommendation=Recommendation(path=PATH_RESEARCH_SCIENTIST),
        )
    ],
    headline="One change would do.",
    decision_id="1f",
)


class Records:
    """Answers, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[FindChangesRequest] = []
        self.remaining: list[float] = []

    def __call__(
        self, request: FindChangesRequest, context: grpc.ServicerContext
    ) -> FindChangesResponse:
        self.requests.append(request)
        self.remaining.append(context.time_remaining() or 0)
        return FOUND


def test_finds_changes(serve: Serve, call: CallOf) -> None:
    server = Records()
    profile = {"level": "MID"}
    found = call(serve(server), "find_changes", profile, Path.RESEARCH_SCIENTIST, timeout=1000)
    assert found.current_path is Path.RESEARCH_ENGINEER
    assert found.outcome is ChangeOutcome.FOUND
    assert (found.headline, found.decision_id) == ("One change would do.", "1f")
    (change,) = found.changes
    assert change.recommendation.path is Path.RESEARCH_SCIENTIST
    (field,) = change.fields
    assert (field.label, field.needed, field.effort) == ("papers", "at least 3", Effort.YEARS)
    assert found.message == FOUND
    (request,) = server.requests
    assert request.profile.level == LEVEL_MID
    assert request.target_path == PATH_RESEARCH_SCIENTIST
    assert request.goal == CHANGE_GOAL_RECOMMENDED
    assert 100 < server.remaining[0] < 2000


def test_the_profile_of_a_change_can_be_sent(serve: Serve, call: CallOf) -> None:
    server = Records()
    target = serve(server)
    (change,) = call(target, "find_changes", {}, "ml-engineer").changes
    call(target, "find_changes", change.profile, "ml-engineer")
    assert server.requests[1].profile == CandidateProfile(level=LEVEL_MID)


def test_no_limit_is_sent_unless_it_is_given(serve: Serve, call: CallOf) -> None:
    server = Records()
    call(serve(server), "find_changes", {}, "ml-engineer")
    (request,) = server.requests
    assert request.HasField("profile")
    assert request.limits == ChangeLimits()


def test_sends_the_limits(serve: Serve, call: CallOf) -> None:
    server = Records()
    call(
        serve(server),
        "find_changes",
        {},
        "ml-engineer",
        goal="open",
        max_changes=2,
        max_fields=3,
        max_effort="months",
        keep=["level", "goals.motives"],
        wishes_may_change=True,
    )
    (request,) = server.requests
    assert request.goal == CHANGE_GOAL_OPEN
    assert request.limits == ChangeLimits(
        max_changes=2,
        max_fields=3,
        max_effort=EFFORT_MONTHS,
        keep=["level", "goals.motives"],
        wishes_may_change=True,
    )


@pytest.mark.parametrize("goal", [ChangeGoal.OPEN, "OPEN", "CHANGE_GOAL_OPEN"])
@pytest.mark.parametrize("effort", [Effort.MONTHS, "MONTHS", "EFFORT_MONTHS"])
@pytest.mark.parametrize(
    "path",
    [Path.RESEARCH_SCIENTIST, "research-scientist", "PATH_RESEARCH_SCIENTIST"],
)
def test_takes_names_in_their_forms(serve: Serve, path: str, goal: str, effort: str) -> None:
    server = Records()
    with Client(serve(server)) as client:
        client.find_changes({}, path, goal=goal, max_effort=effort)
    (request,) = server.requests
    assert request.target_path == PATH_RESEARCH_SCIENTIST
    assert (request.goal, request.limits.max_effort) == (CHANGE_GOAL_OPEN, EFFORT_MONTHS)


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("MANAGER", {}, "target_path must be one of ML_ENGINEER"),
        ("", {}, "target_path"),
        (Path.UNDETERMINED, {}, "UNDETERMINED is none"),
        ("ML_ENGINEER", {"goal": "HIRED"}, "goal must be one of RECOMMENDED, OPEN"),
        ("ML_ENGINEER", {"max_effort": "DAYS"}, "max_effort must be one of CONVERSATION"),
        ("ML_ENGINEER", {"max_effort": Effort.WISH}, "CONVERSATION, WEEKS, MONTHS, YEARS"),
        ("ML_ENGINEER", {"keep": "level"}, "keep must be a list"),
        ("ML_ENGINEER", {"timeout": 0}, "timeout"),
    ],
)
def test_refuses_what_cannot_be_asked(
    nobody: str, call: CallOf, path: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        call(nobody, "find_changes", {}, path, **options)


def test_names_the_bad_fields_of_the_profile(nobody: str, call: CallOf) -> None:
    with pytest.raises(InvalidProfile, match=r"^profile\.level"):
        call(nobody, "find_changes", {"level": "BOSS"}, "ml-engineer")


def test_fails_as_recommend_does(serve: Serve, nobody: str, call: CallOf) -> None:
    over = threading.Event()

    def slow(_: Any, context: grpc.ServicerContext) -> Any:
        context.add_callback(over.set)
        over.wait(30)

    def broken(_: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.INTERNAL, "it broke")

    asked: tuple[Any, ...] = ("find_changes", {}, "ml-engineer")
    with pytest.raises(ServerUnavailable):
        call(nobody, *asked)
    with pytest.raises(DeadlineExceeded):
        call(serve(slow), *asked, timeout=0.1)
    with pytest.raises(RolefitError, match="it broke"):
        call(serve(broken), *asked)
    client = Client(nobody, retry=RetryPolicy.none())
    client.close()
    with pytest.raises(RolefitError, match="closed"):
        client.find_changes({}, "ml-engineer")
