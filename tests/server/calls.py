"""Calls to a server, below any client library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]

from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

SERVICE = "rolefit.v1.RecommendationService"
METHOD = f"/{SERVICE}/Recommend"
EMPTY = RecommendRequest(profile=CandidateProfile()).SerializeToString()

_RETRYING = {
    "methodConfig": [
        {
            "name": [{"service": SERVICE}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.05s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
            },
        }
    ],
    "loadBalancingConfig": [{"round_robin": {}}],
}

_M = TypeVar("_M", bound=Message)


@contextmanager
def channel(*ports: int, retrying: bool = False) -> Iterator[grpc.Channel]:
    """Opens a channel of its own connections, over all `ports`."""
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    options: list[tuple[str, Any]] = [("grpc.use_local_subchannel_pool", 1)]
    if retrying:
        options.append(("grpc.service_config", json.dumps(_RETRYING)))
    with grpc.insecure_channel(target, options=options) as opened:
        yield opened


def send(opened: grpc.Channel, message: bytes, **options: Any) -> RecommendResponse:
    """Sends bytes to Recommend."""
    call: Any = opened.unary_unary(METHOD)
    return RecommendResponse.FromString(call(message, timeout=20, **options))


def refusal(opened: grpc.Channel, message: bytes, **options: Any) -> grpc.RpcError:
    """Sends bytes that are to be refused; returns the error."""
    try:
        answer = send(opened, message, **options)
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"was answered: {answer}")


def code(error: Any) -> grpc.StatusCode:
    """The status code of an error."""
    found: grpc.StatusCode = error.code()
    return found


def detail(error: Any, kind: type[_M]) -> _M | None:
    """The detail of that type in an error, if there is one."""
    status = rpc_status.from_call(error)
    for packed in status.details if status else ():
        unpacked = kind()
        if packed.Unpack(unpacked):
            return unpacked
    return None


def reason(error: Any) -> str:
    """The reason in an error's ErrorInfo."""
    info: Any = detail(error, error_details_pb2.ErrorInfo)
    assert info is not None, error
    assert info.domain == "rolefit.v1"
    return str(info.reason)


def bad_fields(error: Any) -> dict[str, str]:
    """The field violations in an error, by field."""
    request: Any = detail(error, error_details_pb2.BadRequest)
    assert request is not None, error
    return {each.field: each.description for each in request.field_violations}
