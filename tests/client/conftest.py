"""A real server with a scripted answer, and one way to ask it with either client."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from rolefit.client import Answer, AsyncClient, Client
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
from rolefit.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from tests.client.command import Rolefit, runner

Script = Callable[[Any, grpc.ServicerContext], Any]


class _Scripted(RecommendationServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def Recommend(  # noqa: N802
        self, request: RecommendRequest, context: grpc.ServicerContext
    ) -> RecommendResponse | Awaitable[RecommendResponse]:
        answer: RecommendResponse = self._script(request, context)
        return answer

    def Prepare(  # noqa: N802
        self, request: PrepareRequest, context: grpc.ServicerContext
    ) -> PrepareResponse | Awaitable[PrepareResponse]:
        answer: PrepareResponse = self._script(request, context)
        return answer

    def CompareProfiles(  # noqa: N802
        self, request: CompareProfilesRequest, context: grpc.ServicerContext
    ) -> CompareProfilesResponse | Awaitable[CompareProfilesResponse]:
        answer: CompareProfilesResponse = self._script(request, context)
        return answer

    def FindChanges(  # noqa: N802
        self, request: FindChangesRequest, context: grpc.ServicerContext
    ) -> FindChangesResponse | Awaitable[FindChangesResponse]:
        answer: FindChangesResponse = self._script(request, context)
        return answer


@pytest.fixture
def rolefit(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Rolefit:
    """Runs the command in this process."""
    return runner(capfd, monkeypatch)


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts a server that answers by a script; returns its address."""
    servers: list[grpc.Server] = []

    def start(
        script: Script,
        credentials: grpc.ServerCredentials | None = None,
        address: str = "127.0.0.1:0",
    ) -> str:
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        add_RecommendationServiceServicer_to_server(_Scripted(script), server)
        port = (
            server.add_insecure_port(address)
            if credentials is None
            else server.add_secure_port(address, credentials)
        )
        server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(None).wait()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nothing listens, held so that nothing else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Calls any method of a client of either kind: both have to behave alike."""

    def call_sync(target: str, method: str, *arguments: Any, **more: Any) -> Any:
        with Client(target) as client:
            return getattr(client, method)(*arguments, **more)

    def call_async(target: str, method: str, *arguments: Any, **more: Any) -> Any:
        async def run() -> Any:
            async with AsyncClient(target) as client:
                return await getattr(client, method)(*arguments, **more)

        return asyncio.run(run())

    return call_sync if request.param == "sync" else call_async


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[..., Answer]:
    """Makes one call with a client of either kind: both have to behave alike."""

    def ask_sync(target: str, profile: Any, call: dict[str, Any], **options: Any) -> Answer:
        with Client(target, **options) as client:
            return client.recommend(profile, **call)

    def ask_async(target: str, profile: Any, call: dict[str, Any], **options: Any) -> Answer:
        async def run() -> Answer:
            async with AsyncClient(target, **options) as client:
                return await client.recommend(profile, **call)

        return asyncio.run(run())

    one_call = ask_sync if request.param == "sync" else ask_async

    def ask(target: str, profile: Any = None, **options: Any) -> Answer:
        per_call = {name: options.pop(name) for name in ("view",) if name in options}
        if "call_timeout" in options:
            per_call["timeout"] = options.pop("call_timeout")
        return one_call(target, {} if profile is None else profile, per_call, **options)

    return ask
