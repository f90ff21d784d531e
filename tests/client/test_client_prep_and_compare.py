from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from rolefit.client import (
    Client,
    DeadlineExceeded,
    InvalidProfile,
    Path,
    RetryPolicy,
    RolefitError,
    ServerUnavailable,
)
from rolefit.v1 import path_pb2
from rolefit.v1.comparison_pb2 import Comparison
from rolefit.v1.preparation_pb2 import Preparation
from rolefit.v1.profile_pb2 import LEVEL_MID, LEVEL_SENIOR
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import (
    VIEW_FULL,
    VIEW_STANDARD,
    CompareProfilesRequest,
    CompareProfilesResponse,
    PrepareRequest,
    PrepareResponse,
)

Serve = Callable[..., str]
CallOf = Callable[..., Any]

PACK = PrepareResponse(
    recommended_path=path_pb2.PATH_ML_ENGINEER,
    preparations=[Preparation(path=path_pb2.PATH_RESEARCH_SCIENTIST, message="No loop.")],
    decision_id="1f",
)
COMPARED = CompareProfilesResponse(
    comparison=Comparison(
        a=Recommendation(path=path_pb2.PATH_UNDETERMINED),
        b=Recommendation(path=path_pb2.PATH_ML_ENGINEER),
        headline="It changes.",
    )
)
METHODS: tuple[tuple[str, Any], ...] = (("prepare", ({},)), ("compare", ({}, {})))


class Records:
    """Answers by the kind of request, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.remaining: list[float] = []

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        self.remaining.append(context.time_remaining() or 0)
        return PACK if isinstance(request, PrepareRequest) else COMPARED


def test_prepares(serve: Serve, call: CallOf) -> None:
    server = Records()
    target = serve(server)
    pack = call(target, "prepare", {"level": "MID"}, timeout=1000)
    assert pack.recommended_path is Path.ML_ENGINEER
    assert [each.path for each in pack.preparations] == [Path.RESEARCH_SCIENTIST]
    assert (pack.decision_id, pack.message) == ("1f", PACK)
    assert server.requests[0].profile.level == LEVEL_MID
    assert list(server.requests[0].paths) == []
    assert 100 < server.remaining[0] < 2000


@pytest.mark.parametrize(
    "paths",
    [
        [Path.RESEARCH_SCIENTIST, Path.ML_ENGINEER],
        ("research_scientist", "PATH_ML_ENGINEER"),
    ],
)
def test_sends_the_paths(serve: Serve, call: CallOf, paths: Any) -> None:
    server = Records()
    call(serve(server), "prepare", {}, paths=paths)
    assert list(server.requests[0].paths) == [2, 1]


@pytest.mark.parametrize("paths", [["MANAGER"], "ML_ENGINEER", [Path.UNRECOGNIZED], [""]])
def test_refuses_what_is_no_path(serve: Serve, call: CallOf, paths: Any) -> None:
    with pytest.raises(ValueError, match="path"):
        call(serve(Records()), "prepare", {}, paths=paths)


def test_compares(serve: Serve, call: CallOf) -> None:
    server = Records()
    target = serve(server)
    compared = call(target, "compare", '{"level": "MID"}', {"level": "SENIOR"}, view="full")
    assert (compared.a.path, compared.b.path) == (Path.UNDETERMINED, Path.ML_ENGINEER)
    assert compared.headline == "It changes."
    assert compared.message == COMPARED
    (request,) = server.requests
    assert isinstance(request, CompareProfilesRequest)
    assert (request.a.level, request.b.level) == (LEVEL_MID, LEVEL_SENIOR)
    assert request.view == VIEW_FULL


def test_sends_empty_profiles_as_present_ones(serve: Serve, call: CallOf) -> None:
    server = Records()
    target = serve(server)
    call(target, "prepare", {})
    call(target, "compare", {}, {})
    prepared, compared = server.requests
    assert prepared.HasField("profile")
    assert compared.HasField("a")
    assert compared.HasField("b")
    assert compared.view == VIEW_STANDARD


def test_names_the_bad_fields_of_both_profiles(serve: Serve, call: CallOf) -> None:
    server = Records()
    target = serve(server)
    with pytest.raises(InvalidProfile) as error:
        call(target, "compare", {"level": "BOSS"}, '{"skills": {"model_depth": "x"}}')
    fields = [violation.field for violation in error.value.violations]
    assert fields == ["a.level", "b.skills.model_depth"]
    with pytest.raises(InvalidProfile, match=r"^b: not JSON"):
        call(target, "compare", {}, "{")
    with pytest.raises(InvalidProfile, match=r"^profile\.level"):
        call(target, "prepare", {"level": "BOSS"})
    assert server.requests == []


@pytest.mark.parametrize(("method", "profiles"), METHODS)
def test_fails_as_recommend_does(
    serve: Serve, nobody: str, call: CallOf, method: str, profiles: Any
) -> None:
    over = threading.Event()

    def slow(_: Any, context: grpc.ServicerContext) -> Any:
        context.add_callback(over.set)
        over.wait(30)

    def broken(_: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.INTERNAL, "it broke")

    with pytest.raises(ServerUnavailable):
        call(nobody, method, *profiles)
    with pytest.raises(DeadlineExceeded):
        call(serve(slow), method, *profiles, timeout=0.1)
    with pytest.raises(RolefitError, match="it broke"):
        call(serve(broken), method, *profiles)
    with pytest.raises(ValueError, match="timeout"):
        call(nobody, method, *profiles, timeout=0)


def test_refuses_a_view_that_is_none(nobody: str, call: CallOf) -> None:
    with pytest.raises(ValueError, match="BASIC, STANDARD, FULL"):
        call(nobody, "compare", {}, {}, view="ALL")


@pytest.mark.parametrize(("method", "profiles"), METHODS)
def test_a_closed_client_says_so(nobody: str, method: str, profiles: Any) -> None:
    client = Client(nobody, retry=RetryPolicy.none())
    client.close()
    with pytest.raises(RolefitError, match="closed"):
        getattr(client, method)(*profiles)
