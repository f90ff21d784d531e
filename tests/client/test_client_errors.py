from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from rolefit.client import (
    Answer,
    Client,
    DeadlineExceeded,
    InvalidProfile,
    InvalidRequest,
    Overloaded,
    RetryPolicy,
    RolefitError,
    ServerUnavailable,
    Violation,
)
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

Ask = Callable[..., Answer]
Serve = Callable[..., str]


def fails(code: grpc.StatusCode, words: str = "", details: bytes | None = None) -> Any:
    def script(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        if details is not None:
            context.set_trailing_metadata((("grpc-status-details-bin", details),))
        context.abort(code, words)
        raise AssertionError("abort raises")

    return script


def status(code: grpc.StatusCode, *details: Message) -> bytes:
    """A status as servers make it, with the packages that the client does without."""
    packed = []
    for detail in details:
        packed.append(AnyMessage())
        packed[-1].Pack(detail)
    number: int = code.value[0]
    whole = status_pb2.Status(code=number, message="m", details=packed)
    return bytes(whole.SerializeToString())


def bad_request(**fields: str) -> error_details_pb2.BadRequest:
    violation = error_details_pb2.BadRequest.FieldViolation
    return error_details_pb2.BadRequest(
        field_violations=[violation(field=f, description=d) for f, d in fields.items()]
    )


def cause(reason: str, domain: str = "rolefit.v1") -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain)


def failure(ask: Ask, target: str, **options: Any) -> RolefitError:
    with pytest.raises(RolefitError) as caught:
        ask(target, **options)
    return caught.value


def test_every_bad_field_that_the_server_names(serve: Serve, ask: Ask) -> None:
    code = grpc.StatusCode.INVALID_ARGUMENT
    fields = {"profile.skills.model_depth": "must be 1 to 5", "profile.target.country": "DE?"}
    target = serve(
        fails(code, "bad", status(code, cause("INVALID_FIELD"), bad_request(**fields)))
    )

    error = failure(ask, target)
    assert isinstance(error, InvalidProfile)
    assert error.violations == tuple(Violation(*each) for each in fields.items())
    assert str(error) == "\n".join(f"{f}: {d}" for f, d in fields.items())
    assert (error.code, error.reason) == (code, "INVALID_FIELD")
    assert isinstance(error.__cause__, grpc.RpcError)


@pytest.mark.parametrize(
    ("delay", "seconds"), [(Duration(seconds=2), 2.0), (Duration(nanos=250_000_000), 0.25)]
)
def test_overload_says_when_to_come_back(
    serve: Serve, ask: Ask, delay: Duration, seconds: float
) -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    retry = error_details_pb2.RetryInfo(retry_delay=delay)
    target = serve(fails(code, "full", status(code, cause("OVERLOADED"), retry)))

    error = failure(ask, target)
    assert isinstance(error, Overloaded)
    assert error.retry_after == seconds
    assert error.reason == "OVERLOADED"
    assert f"in {seconds:g} s" in str(error)


def test_overload_without_a_time(serve: Serve, ask: Ask) -> None:
    error = failure(ask, serve(fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")))
    assert isinstance(error, Overloaded)
    assert error.retry_after is None


def test_an_answer_over_the_limit_is_no_overload(serve: Serve, ask: Ask) -> None:
    large = RecommendResponse(decision_id="x" * 5000)
    error = failure(ask, serve(lambda *_: large), max_message_bytes=1000)
    assert not isinstance(error, Overloaded)
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in str(error)


def test_nothing_listens(nobody: str, ask: Ask) -> None:
    error = failure(ask, nobody)
    assert isinstance(error, ServerUnavailable)
    assert str(error) == (
        f"No rolefit server answers at {nobody}. "
        "Start one with `make serve`, check the address, or use TLS if the server does."
    )


def test_a_name_that_does_not_resolve_is_named(ask: Ask) -> None:
    error = failure(ask, "unix:relative/without/a/server", retry=RetryPolicy.none())
    assert isinstance(error, ServerUnavailable)
    assert "unix:relative/without/a/server" in str(error)
    assert "gRPC says" in str(error)


def test_a_server_that_says_it_is_not_available(serve: Serve, ask: Ask) -> None:
    code = grpc.StatusCode.UNAVAILABLE
    target = serve(fails(code, "reloading", status(code, cause("INTERNAL"))))
    error = failure(ask, target, retry=RetryPolicy.none())
    assert isinstance(error, ServerUnavailable)
    assert str(error) == f"The rolefit server at {target} is not available: reloading"


@pytest.mark.parametrize("option", ["timeout", "call_timeout"])
def test_the_deadline(serve: Serve, ask: Ask, option: str) -> None:
    done = threading.Event()

    def slow(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        context.add_callback(done.set)
        done.wait(30)
        return RecommendResponse()

    target = serve(slow)
    error = failure(ask, target, **{option: 0.05})
    assert isinstance(error, DeadlineExceeded)
    assert str(error) == f"No answer from {target} within 0.05 s."
    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_no_rolefit_server(ask: Ask, serve: Serve) -> None:
    error = failure(ask, serve(fails(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")))
    assert type(error) is RolefitError
    assert "does not offer rolefit.v1.RecommendationService" in str(error)


def test_any_other_failure(serve: Serve, ask: Ask) -> None:
    code = grpc.StatusCode.INTERNAL
    target = serve(fails(code, "it broke", status(code, cause("INTERNAL"))))
    error = failure(ask, target)
    assert type(error) is RolefitError
    assert str(error) == f"The call to {target} failed with INTERNAL: it broke"
    assert (error.code, error.reason) == (code, "INTERNAL")


@pytest.mark.parametrize(
    "details",
    [
        b"\xff\xff\xff",
        b"",
        status_pb2.Status(
            details=[
                AnyMessage(type_url="type.googleapis.com/google.rpc.BadRequest", value=b"\xff")
            ]
        ).SerializeToString(),
        status(grpc.StatusCode.INVALID_ARGUMENT, error_details_pb2.Help()),
        status(grpc.StatusCode.INVALID_ARGUMENT, cause("QUOTA", "proxy.example.com")),
    ],
    ids=["garbage", "empty", "broken detail", "unknown detail", "cause of a proxy"],
)
def test_details_that_say_nothing_do_not_hide_the_error(
    serve: Serve, ask: Ask, details: bytes
) -> None:
    target = serve(fails(grpc.StatusCode.INVALID_ARGUMENT, "bad bytes", details))
    error = failure(ask, target)
    assert type(error) is RolefitError
    assert error.reason is None
    assert "bad bytes" in str(error)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (["profile.skills.model_depth"], InvalidProfile),
        (["b.level"], InvalidProfile),
        (["limits.keep[0]", "profile.level"], InvalidProfile),
        (["limits.keep[0]"], InvalidRequest),
        (["target_path", "profiles"], InvalidRequest),
    ],
)
def test_what_is_no_part_of_a_profile_is_a_bad_request(
    serve: Serve, ask: Ask, fields: list[str], kind: type[InvalidRequest]
) -> None:
    code = grpc.StatusCode.INVALID_ARGUMENT
    details = status(code, bad_request(**dict.fromkeys(fields, "no")))
    error = failure(ask, serve(fails(code, "bad", details)))
    assert type(error) is kind
    assert [each.field for each in error.violations] == fields


def test_the_type_url_may_have_any_host(serve: Serve) -> None:
    detail = AnyMessage(
        type_url="types.example.com/google.rpc.BadRequest",
        value=bad_request(profile="d").SerializeToString(),
    )
    details = status_pb2.Status(details=[detail]).SerializeToString()
    target = serve(fails(grpc.StatusCode.INVALID_ARGUMENT, "", details))
    with Client(target) as client, pytest.raises(InvalidProfile):
        client.recommend({})


@pytest.mark.parametrize(
    "error",
    [
        RolefitError("m", code=grpc.StatusCode.INTERNAL, reason="INTERNAL"),
        InvalidProfile([Violation("f", "d")], code=grpc.StatusCode.INVALID_ARGUMENT),
        Overloaded("m", retry_after=1.5, code=grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes(error: RolefitError) -> None:
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(copied) is type(error)
        assert str(copied) == str(error)
        assert vars(copied) == vars(error)
