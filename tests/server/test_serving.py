"""Health, reflection and the limit on calls in flight."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from .calls import EMPTY, METHOD, SERVICE, channel, code, detail, reason, refusal, send
from .processes import PATIENCE_SECONDS, ServerProcess, eventually

Start = Callable[..., ServerProcess]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health_of(opened: grpc.Channel, service: str) -> Any:
    stub = health_pb2_grpc.HealthStub(opened)
    return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=20).status


def test_health_knows_the_server_and_its_services(opened: grpc.Channel) -> None:
    assert health_of(opened, "") == SERVING
    assert health_of(opened, SERVICE) == SERVING
    assert health_of(opened, "rolefit.v1.CatalogueService") == SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health_of(opened, "rolefit.v1.Nothing")
    assert code(caught.value) == grpc.StatusCode.NOT_FOUND


def test_a_watcher_sees_the_stop_coming_and_does_not_hold_it_up(start: Start) -> None:
    # A stop that waited for the watcher would take the whole grace time, and fail the test.
    server = start("--workers", "1", "--grace-seconds", "86400", "--drain-seconds", "0")
    with channel(server.port) as opened:
        stub = health_pb2_grpc.HealthStub(opened)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == SERVING
        server.signal(signal.SIGTERM)
        assert next(watch).status == NOT_SERVING
        assert send(opened, EMPTY).HasField("recommendation")
        assert server.wait() == 0
    assert not server.port_file.exists()


def test_a_stream_lasts_no_longer_than_its_connection(start: Start) -> None:
    age = ("--connection-age-seconds", "2", "--connection-age-grace-seconds", "2")
    server = start("--workers", "1", *age)
    held = threading.Event()

    def nothing() -> Iterator[bytes]:
        held.wait(PATIENCE_SECONDS)
        yield b""

    with channel(server.port) as opened:
        watch = health_pb2_grpc.HealthStub(opened).Watch(
            health_pb2.HealthCheckRequest(service=SERVICE), timeout=PATIENCE_SECONDS
        )
        assert next(watch).status == SERVING
        call: Any = opened.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        )
        for stream in (watch, call(nothing(), timeout=PATIENCE_SECONDS)):
            with pytest.raises(grpc.RpcError) as caught:
                next(stream)
            assert code(caught.value) == grpc.StatusCode.UNAVAILABLE
        held.set()


def test_reflection_lists_the_services(opened: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(opened)
    services = {SERVICE, "rolefit.v1.CatalogueService", "grpc.health.v1.Health"}
    assert services <= set(database.get_services())


def test_reflection_and_the_message_limit_are_settings(start: Start) -> None:
    server = start("--workers", "1", "--no-reflection", ROLEFIT_MAX_MESSAGE_BYTES="64")
    with channel(server.port) as opened:
        assert send(opened, EMPTY).HasField("recommendation")
        assert code(refusal(opened, bytes(65))) == grpc.StatusCode.RESOURCE_EXHAUSTED
        call: Any = opened.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        )
        with pytest.raises(grpc.RpcError) as caught:
            next(call(iter([b""]), timeout=20))
    assert code(caught.value) == grpc.StatusCode.UNIMPLEMENTED


class HalfSent:
    """A call whose message is withheld until `finish`."""

    def __init__(self, opened: grpc.Channel) -> None:
        self._finish = threading.Event()
        call: Any = opened.stream_unary(METHOD)
        self.future: Any = call.future(self._messages(), timeout=PATIENCE_SECONDS)

    def _messages(self) -> Iterator[bytes]:
        self._finish.wait(PATIENCE_SECONDS)
        yield EMPTY

    def finish(self) -> None:
        self._finish.set()


def test_calls_beyond_the_limit_are_refused_with_a_time_to_retry(start: Start) -> None:
    server = start("--workers", "1", "--max-in-flight", "2", "--stall-seconds", "3600")
    with channel(server.port) as opened:
        held = [HalfSent(opened), HalfSent(opened)]

        def refused() -> grpc.RpcError | None:
            # A held call that came in while this one was answered was refused itself.
            held[:] = [HalfSent(opened) if each.future.done() else each for each in held]
            try:
                send(opened, EMPTY)
            except grpc.RpcError as error:
                return error
            return None

        error = eventually(refused, "both calls in flight")
        assert code(error) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason(error) == "OVERLOADED"
        retry: Any = detail(error, error_details_pb2.RetryInfo)
        assert retry.retry_delay.ToMilliseconds() > 0
        assert health_of(opened, "") == SERVING
        for each in held:
            each.finish()
            each.future.result()
        assert send(opened, EMPTY).HasField("recommendation")


def test_a_crowd_beyond_the_limit_is_refused_in_part(start: Start) -> None:
    server = start("--workers", "1", "--max-in-flight", "2")
    with channel(server.port) as opened:
        call: Any = opened.unary_unary(METHOD)

        seen: set[str] = set()

        def refused() -> bool:
            crowd = [call.future(EMPTY, timeout=PATIENCE_SECONDS) for _ in range(64)]
            for each in crowd:
                seen.add("answered" if each.exception() is None else reason(each))
            return "OVERLOADED" in seen

        eventually(refused, "a refusal")
        assert seen == {"answered", "OVERLOADED"}


def test_stalled_calls_do_not_keep_others_out(start: Start) -> None:
    server = start("--workers", "1", "--max-in-flight", "1", "--stall-seconds", "0")
    with channel(server.port) as opened:
        held = HalfSent(opened)

        def evicted() -> bool:
            # Coming in at that moment, the held call takes this one's place instead.
            with contextlib.suppress(grpc.RpcError):
                send(opened, EMPTY)
            return bool(held.future.done())

        eventually(evicted, "the stalled call is refused")
        assert reason(held.future) == "OVERLOADED"
        assert send(opened, EMPTY).HasField("recommendation")
        held.finish()
