"""The steps of a call, with an engine that does as told."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any, cast

import grpc
import pytest

from rolefit.engine import Engine
from rolefit.engine.answer import Answer
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.observation import Observation
from rolefit.server import log
from rolefit.server.admission import Admission
from rolefit.server.call import Call
from rolefit.server.config import LogFormat
from rolefit.server.errors import CallError
from rolefit.server.recommendation_service import RecommendationService
from rolefit.server.snapshot import Snapshot, Snapshots
from rolefit.server.snapshot_building import SelfTestError, self_test
from rolefit.server.unary_call import check_deadline
from rolefit.v1 import recommendation_service_pb2
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation, Ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

from .calls import EMPTY


class FakeEngine:
    def __init__(self, fault: Exception | None = None) -> None:
        self.asked: list[int] = []
        self._fault = fault

    def recall(self, profile: CandidateProfile) -> None:
        return None

    def observe(self, profile: CandidateProfile) -> list[Observation]:
        return []

    def answer(self, observations: list[Observation], view: int) -> Answer:
        self.asked.append(view)
        if self._fault:
            raise self._fault
        body = Recommendation(headline="yes").SerializeToString()
        return Answer(body, "ML_ENGINEER", "CERTAIN", lambda: ({}, ()))


def snapshot(engine: FakeEngine) -> Snapshot:
    ruleset = Ruleset(name="r", version="1", digest="sha256:0")
    return Snapshot(cast(Engine, engine), cast(CatalogueMessages, None), ruleset)


def service(engine: FakeEngine) -> RecommendationService:
    return RecommendationService(Snapshots(snapshot(engine)))


def respond(engine: FakeEngine, message: bytes, seconds_left: float | None) -> bytes:
    call = Call("Recommend", os.urandom(16).hex())
    return service(engine).methods["Recommend"].respond(message, seconds_left, call)


def test_the_answer_names_the_rules_and_the_decision() -> None:
    answer = RecommendResponse.FromString(respond(FakeEngine(), EMPTY, None))
    assert answer.recommendation.headline == "yes"
    assert (answer.ruleset.name, answer.ruleset.version) == ("r", "1")
    assert answer.ruleset.digest == "sha256:0"
    assert len(bytes.fromhex(answer.decision_id)) == 16


@pytest.mark.parametrize(("asked", "given"), [(0, 2), (1, 1), (2, 2), (3, 3)])
def test_no_view_means_the_standard_view(asked: Any, given: int) -> None:
    engine = FakeEngine()
    request = RecommendRequest(profile=CandidateProfile(), view=asked)
    respond(engine, request.SerializeToString(), 1.0)
    assert engine.asked == [given]
    assert recommendation_service_pb2.VIEW_STANDARD == 2


@pytest.mark.parametrize("seconds_left", [0.0, -0.5])
def test_a_call_past_its_deadline_is_not_evaluated(seconds_left: float) -> None:
    engine = FakeEngine()
    with pytest.raises(CallError) as caught:
        respond(engine, EMPTY, seconds_left)
    assert caught.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.details[0].reason == "DEADLINE_PASSED"  # type: ignore[attr-defined]
    assert engine.asked == []


@pytest.mark.parametrize("seconds_left", [None, 0.001])
def test_a_call_with_time_left_goes_on(seconds_left: float | None) -> None:
    check_deadline(seconds_left)


def test_a_fault_is_logged_once_and_not_told(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure(LogFormat.JSON)
    with pytest.raises(CallError) as caught:
        respond(FakeEngine(RuntimeError("secret")), EMPTY, None)
    assert caught.value.code == grpc.StatusCode.INTERNAL
    assert "secret" not in str(caught.value.status())
    (line,) = [json.loads(each) for each in capfd.readouterr().err.splitlines()]
    assert line["level"] == "error"
    assert "RuntimeError: secret" in line["exception"]
    assert line["decision_id"] in caught.value.message


def test_an_engine_that_fails_its_self_test_does_not_serve() -> None:
    with pytest.raises(SelfTestError, match=r"self-test.*no rules"):
        self_test(snapshot(FakeEngine(ValueError("no rules"))))


def test_places_are_limited_and_stalled_calls_lose_theirs() -> None:
    async def scenario() -> None:
        now = 100.0
        admission = Admission(2, stall_seconds=5.0, clock=lambda: now)
        calls = [asyncio.ensure_future(asyncio.Event().wait()) for _ in range(4)]
        tasks = cast("list[asyncio.Task[object]]", calls)
        admission.enter(tasks[0])
        now = 103.0
        admission.enter(tasks[1])
        with pytest.raises(CallError) as caught:
            admission.enter(tasks[2])
        assert caught.value.code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert caught.value.details[0].retry_delay.ToMilliseconds() > 0  # type: ignore[attr-defined]
        now = 105.0
        admission.enter(tasks[2])
        assert [admission.holds(task) for task in tasks] == [False, True, True, False]
        await asyncio.wait(calls[:1])
        assert tasks[0].cancelled()
        admission.arrived(tasks[1])
        now = 999.0
        admission.leave(tasks[2])
        admission.enter(tasks[2])
        with pytest.raises(CallError):
            admission.enter(tasks[3])
        admission.leave(tasks[1])
        admission.leave(tasks[1])
        admission.enter(tasks[3])
        for task in tasks:
            task.cancel()

    asyncio.run(scenario())
