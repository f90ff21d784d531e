"""Calls that name the rule set to decide by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2  # type: ignore[import-untyped]

from rolefit.client import InvalidProfile, InvalidRequest, NotFound, RulesetNotHeld
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesRequest,
    CompareProfilesResponse,
    FindChangesRequest,
    FindChangesResponse,
    PrepareRequest,
    PrepareResponse,
    RecommendRequest,
    RecommendResponse,
)
from tests.client.test_client_errors import cause, fails, status

Serve = Callable[..., str]
CallOf = Callable[..., Any]

DIGEST = "sha256:" + "0a" * 32
METHODS: tuple[tuple[Any, ...], ...] = (
    ("recommend", {}),
    ("prepare", {}),
    ("compare", {}, {}),
    ("find_changes", {}, "ml-engineer"),
)
RESPONSES: dict[type[Any], Any] = {
    RecommendRequest: RecommendResponse(),
    PrepareRequest: PrepareResponse(),
    CompareProfilesRequest: CompareProfilesResponse(),
    FindChangesRequest: FindChangesResponse(),
}
each_method = pytest.mark.parametrize("asked", METHODS, ids=[each[0] for each in METHODS])


class Records:
    """Answers by the kind of request, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, request: Any, _: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        return RESPONSES[type(request)]


@each_method
def test_sends_the_digest_only_if_it_is_given(
    serve: Serve, call: CallOf, asked: tuple[Any, ...]
) -> None:
    server = Records()
    target = serve(server)
    call(target, *asked)
    call(target, *asked, ruleset_digest=DIGEST)
    without, with_digest = server.requests
    assert not without.HasField("ruleset_digest")
    assert with_digest.ruleset_digest == DIGEST


@each_method
def test_a_rule_set_that_is_not_held(
    serve: Serve, call: CallOf, asked: tuple[Any, ...]
) -> None:
    code = grpc.StatusCode.NOT_FOUND
    words = f"the rule set {DIGEST} is not held; held are sha256:1b"
    target = serve(fails(code, words, status(code, cause("RULESET_NOT_HELD"))))
    with pytest.raises(RulesetNotHeld) as caught:
        call(target, *asked, ruleset_digest=DIGEST)
    error = caught.value
    assert isinstance(error, NotFound)
    assert str(error) == f"The rule set {DIGEST} is not held; held are sha256:1b"
    assert (error.code, error.reason) == (code, "RULESET_NOT_HELD")


def test_what_is_no_digest_is_no_fault_of_the_profile(serve: Serve, call: CallOf) -> None:
    code = grpc.StatusCode.INVALID_ARGUMENT
    violation = error_details_pb2.BadRequest.FieldViolation
    bad = error_details_pb2.BadRequest(
        field_violations=[violation(field="ruleset_digest", description="must be a digest")]
    )
    target = serve(fails(code, "bad", status(code, cause("INVALID_FIELD"), bad)))
    with pytest.raises(InvalidRequest, match=r"^ruleset_digest: must be a digest$") as caught:
        call(target, "recommend", {}, ruleset_digest="latest")
    assert not isinstance(caught.value, InvalidProfile)
