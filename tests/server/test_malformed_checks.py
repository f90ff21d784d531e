"""Bytes that are no request, put to health, reflection and the admin service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from .calls import channel, code, reason
from .processes import ServerProcess

NOISE = b"\xff\xff\xff\xff"
METHODS = {
    "grpc.health.v1.Health/Check": "grpc.health.v1.HealthCheckRequest",
    "grpc.health.v1.Health/List": "grpc.health.v1.HealthListRequest",
    "grpc.health.v1.Health/Watch": "grpc.health.v1.HealthCheckRequest",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": (
        "grpc.reflection.v1alpha.ServerReflectionRequest"
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One of its own, since what is logged counts."""
    flags = ("--workers", "1", "--admin-port", "0")
    started = ServerProcess(tmp_path_factory.mktemp("server"), *flags)
    started.wait_for_events("serving", 1)
    yield started
    started.stop()


def refused(opened: grpc.Channel, method: str) -> Any:
    """Put noise to a method, whatever its streams; return the error."""
    call: Any = opened.stream_stream(f"/{method}")
    with pytest.raises(grpc.RpcError) as caught:
        list(call(iter([NOISE]), timeout=20))
    return caught.value


def assert_plain_refusal(server: ServerProcess, error: Any, request: str) -> None:
    assert code(error) == grpc.StatusCode.INVALID_ARGUMENT
    assert reason(error) == "MALFORMED_MESSAGE"
    assert error.details() == f"the message is not a {request}: it does not parse"
    assert "Traceback" not in server.stderr


@pytest.mark.parametrize("method", METHODS)
def test_noise_is_an_invalid_argument(server: ServerProcess, method: str) -> None:
    with channel(server.port) as opened:
        assert_plain_refusal(server, refused(opened, method), METHODS[method])


def test_noise_to_the_admin_service_and_its_reflection(server: ServerProcess) -> None:
    port = server.events("serving")[0]["admin_port"]
    with channel(port) as opened:
        error = refused(opened, "rolefit.v1.AdminService/RollbackRules")
        assert_plain_refusal(server, error, "rolefit.v1.RollbackRulesRequest")
        method = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        assert_plain_refusal(server, refused(opened, method), METHODS[method])


def test_noise_after_a_good_request(server: ServerProcess) -> None:
    """A reflection stream answers what it understood, then ends."""
    good = reflection_pb2.ServerReflectionRequest(list_services="")
    with channel(server.port) as opened:
        method = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        call: Any = opened.stream_stream(f"/{method}")
        responses = call(iter([good.SerializeToString(), NOISE]), timeout=20)
        answer = reflection_pb2.ServerReflectionResponse.FromString(next(responses))
        assert answer.list_services_response.service
        with pytest.raises(grpc.RpcError) as caught:
            next(responses)
        assert_plain_refusal(server, caught.value, METHODS[method])


def _unidentified(opened: grpc.Channel) -> None:
    for method in METHODS:
        assert code(refused(opened, method)) == grpc.StatusCode.UNAUTHENTICATED


def test_strangers_do_not_learn_what_parses(
    start: Callable[..., ServerProcess], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text("ann sha256:" + "0" * 64 + "\n")
    server = start("--workers", "1", "--tokens", str(tokens), "--no-open-health")
    with channel(server.port) as opened:
        _unidentified(opened)


def test_health_and_reflection_still_answer(server: ServerProcess) -> None:
    with channel(server.port) as opened:
        health: Any = health_pb2_grpc.HealthStub(opened)
        request = health_pb2.HealthCheckRequest()
        assert health.Check(request, timeout=20).status == 1
        watch = health.Watch(request, timeout=20)
        assert next(watch).status == 1
        watch.cancel()
        mirror: Any = reflection_pb2_grpc.ServerReflectionStub(opened)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = mirror.ServerReflectionInfo(iter([asked]), timeout=20)
        assert answer.list_services_response.service
