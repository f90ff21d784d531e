from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path as File
from typing import Any

import grpc
import pytest

from rolefit.client import (
    Answer,
    AsyncClient,
    Client,
    InvalidProfile,
    Path,
    RetryPolicy,
    RolefitError,
    ServerUnavailable,
    TlsConfig,
)
from rolefit.v1.path_pb2 import PATH_ML_ENGINEER
from rolefit.v1.profile_pb2 import FIRST_INSTINCT_DEPLOY, CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import (
    VIEW_FULL,
    VIEW_STANDARD,
    RecommendRequest,
    RecommendResponse,
)

Ask = Callable[..., Answer]
Serve = Callable[..., str]

AT_ONCE = RetryPolicy(initial_backoff=0.01, max_backoff=0.01)
RESPONSE = RecommendResponse(
    recommendation=Recommendation(path=PATH_ML_ENGINEER, headline="Ship it."), decision_id="1f"
)


class FailsFirst:
    """Fails with a status a number of times and then answers; counts the calls."""

    def __init__(self, code: grpc.StatusCode, times: int) -> None:
        self.code = code
        self.times = times
        self.calls = 0

    def __call__(
        self, request: RecommendRequest, context: grpc.ServicerContext
    ) -> RecommendResponse:
        self.calls += 1
        if self.calls <= self.times:
            context.abort(self.code, "not now")
        return RESPONSE


class Records:
    """Answers, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[RecommendRequest] = []
        self.metadata: list[dict[str, str | bytes]] = []
        self.remaining: list[float] = []

    def __call__(
        self, request: RecommendRequest, context: grpc.ServicerContext
    ) -> RecommendResponse:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        self.remaining.append(context.time_remaining() or 0)
        return RESPONSE


def test_answers(serve: Serve, ask: Ask) -> None:
    answer = ask(serve(Records()), {"temperament": {"first_instinct": "DEPLOY"}})
    assert answer.path is Path.ML_ENGINEER
    assert (answer.headline, answer.decision_id) == ("Ship it.", "1f")


@pytest.mark.parametrize(
    "profile",
    [
        {"temperament": {"first_instinct": "DEPLOY"}},
        json.dumps({"temperament": {"firstInstinct": "FIRST_INSTINCT_DEPLOY"}}),
        CandidateProfile(temperament={"first_instinct": FIRST_INSTINCT_DEPLOY}),  # type: ignore[arg-type]
    ],
    ids=["dict", "JSON", "message"],
)
def test_sends_the_profile(serve: Serve, ask: Ask, profile: Any) -> None:
    server = Records()
    ask(serve(server), profile)
    assert server.requests[0].profile.temperament.first_instinct == FIRST_INSTINCT_DEPLOY
    assert server.requests[0].view == VIEW_STANDARD


def test_sends_an_empty_profile_as_a_present_one(serve: Serve, ask: Ask) -> None:
    server = Records()
    empties: list[Any] = [{}, "{}", CandidateProfile()]
    for empty in empties:
        ask(serve(server), empty)
        assert server.requests[-1].HasField("profile")


@pytest.mark.parametrize("view", ["FULL", "full", "VIEW_FULL"])
def test_sends_the_view(serve: Serve, ask: Ask, view: str) -> None:
    server = Records()
    ask(serve(server), view=view)
    assert server.requests[0].view == VIEW_FULL


def test_sends_metadata_and_the_deadline_of_the_call(serve: Serve, ask: Ask) -> None:
    server = Records()
    target = serve(server)
    ask(target, timeout=1000, metadata={"x-caller": "tests"})
    ask(target, timeout=10, call_timeout=1000, metadata=[("x-caller", "again")])
    assert [each["x-caller"] for each in server.metadata] == ["tests", "again"]
    assert all(100 < left < 2000 for left in server.remaining)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_tries_again_until_it_succeeds(serve: Serve, ask: Ask, code: grpc.StatusCode) -> None:
    server = FailsFirst(code, times=2)
    assert ask(serve(server), retry=AT_ONCE).path is Path.ML_ENGINEER
    assert server.calls == 3


def test_retries_by_default(serve: Serve, ask: Ask) -> None:
    server = FailsFirst(grpc.StatusCode.UNAVAILABLE, times=1)
    assert ask(serve(server)).path is Path.ML_ENGINEER


def test_gives_up_after_the_attempts_of_the_policy(serve: Serve, ask: Ask) -> None:
    for policy, attempts in ((AT_ONCE, 5), (RetryPolicy(2, 0.01, 0.01), 2)):
        server = FailsFirst(grpc.StatusCode.UNAVAILABLE, times=99)
        target = serve(server)
        with pytest.raises(ServerUnavailable):
            ask(target, retry=policy)
        assert server.calls == attempts


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_does_not_repeat_what_would_fail_again(
    serve: Serve, ask: Ask, code: grpc.StatusCode
) -> None:
    server = FailsFirst(code, times=1)
    target = serve(server)
    with pytest.raises(RolefitError):
        ask(target, retry=AT_ONCE)
    assert server.calls == 1


def test_without_retries_the_first_failure_counts(serve: Serve, ask: Ask) -> None:
    server = FailsFirst(grpc.StatusCode.UNAVAILABLE, times=1)
    target = serve(server)
    with pytest.raises(ServerUnavailable):
        ask(target, retry=RetryPolicy.none())
    assert server.calls == 1


def test_an_invalid_profile_is_never_sent(serve: Serve, ask: Ask) -> None:
    server = Records()
    target = serve(server)
    with pytest.raises(InvalidProfile):
        ask(target, {"level": "BOSS"})
    assert server.requests == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"view": "EVERYTHING"}, "BASIC, STANDARD, FULL"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"call_timeout": -1}, "timeout"),
        ({"max_message_bytes": 0}, "max_message_bytes"),
    ],
)
def test_refuses_options_out_of_range(
    nobody: str, ask: Ask, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        ask(nobody, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"max_attempts": 6},
        {"initial_backoff": 0.001},
        {"max_backoff": float("inf")},
        {"multiplier": 0},
    ],
)
def test_refuses_a_retry_policy_out_of_range(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        RetryPolicy(**options)


def test_a_closed_client_says_so(serve: Serve) -> None:
    target = serve(Records())
    client = Client(target)
    assert client.recommend({}).path is Path.ML_ENGINEER
    client.close()
    client.close()
    with pytest.raises(RolefitError, match="closed"):
        client.recommend({})
    assert repr(client) == f"<Client {target} (closed)>"


def test_a_closed_async_client_says_so(serve: Serve) -> None:
    target = serve(Records())

    async def run() -> None:
        client = AsyncClient(target)
        await client.recommend({})
        await client.close()
        await client.close()
        with pytest.raises(RolefitError, match="closed"):
            await client.recommend({})
        assert repr(client) == f"<AsyncClient {target} (closed)>"

    asyncio.run(run())


def test_an_async_client_can_be_made_before_the_event_loop(serve: Serve) -> None:
    client = AsyncClient(serve(Records()))

    async def run() -> list[Answer]:
        async with client:
            return await asyncio.gather(*(client.recommend({}) for _ in range(20)))

    assert {answer.path for answer in asyncio.run(run())} == {Path.ML_ENGINEER}


def test_threads_may_share_a_client(serve: Serve) -> None:
    answers: list[Answer] = []
    with Client(serve(Records())) as client:
        threads = [
            threading.Thread(target=lambda: answers.append(client.recommend({})))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.path for answer in answers] == [Path.ML_ENGINEER] * 8


def test_cancelling_the_task_cancels_the_call(serve: Serve) -> None:
    began, ended = threading.Event(), threading.Event()

    def hangs(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        context.add_callback(ended.set)
        began.set()
        ended.wait(30)
        return RESPONSE

    target = serve(hangs)

    async def run() -> None:
        async with AsyncClient(target, timeout=60) as client:
            task = asyncio.create_task(client.recommend({}))
            await asyncio.to_thread(began.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert ended.wait(30)


def test_waits_for_a_server_that_is_still_to_come(
    serve: Serve, ask: Ask, tmp_path: File
) -> None:
    # A socket file is an address that is known before the server is there.
    address = f"unix:{tmp_path / 'socket'}"
    with pytest.raises(ServerUnavailable):
        ask(address, retry=RetryPolicy.none())
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, address, wait_for_ready=True, timeout=30)
        serve(Records(), address=address)
        assert waiting.result().path is Path.ML_ENGINEER


def test_connects_again_while_it_retries(serve: Serve, ask: Ask) -> None:
    """A worker that dies takes connections with it that it had not accepted yet."""
    retry = RetryPolicy(max_attempts=3, initial_backoff=0.2)
    with ThreadPoolExecutor() as pool:
        # Shared, so that the next server listens before this one goes.
        with socket.create_server(("127.0.0.1", 0), reuse_port=True) as dying:
            address = f"127.0.0.1:{dying.getsockname()[1]}"
            waiting = pool.submit(ask, address, retry=retry, timeout=30)
            connection, _ = dying.accept()
            serve(Records(), address=address)
        # Closed with a reset, as the kernel does for the dead.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert waiting.result().path is Path.ML_ENGINEER


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[File, File]:
    """A key and a certificate for 127.0.0.1 that vouches for itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {chain}"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return key, chain


@pytest.mark.parametrize("target", [None, "", " "])
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_target_that_is_no_address(kind: Any, target: Any) -> None:
    with pytest.raises(ValueError, match="target must be an address"):
        kind(target)


def test_a_timeout_that_is_no_number() -> None:
    timeout: Any = "5"
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not '5'"):
        Client("localhost:1", timeout=timeout)
    with pytest.raises(ValueError, match="at most 1e"):
        Client("localhost:1", timeout=1e10)


def test_encrypts_and_proves_who_it_is(
    serve: Serve, ask: Ask, certificate: tuple[File, File]
) -> None:
    key, chain = certificate
    credentials = grpc.ssl_server_credentials(
        [(key.read_bytes(), chain.read_bytes())],
        root_certificates=chain.read_bytes(),
        require_client_auth=True,
    )
    target = serve(Records(), credentials)
    known = TlsConfig.from_files(
        root_certificates=chain, private_key=key, certificate_chain=chain
    )
    assert ask(target, tls=known).path is Path.ML_ENGINEER
    for stranger in (None, TlsConfig(root_certificates=chain.read_bytes())):
        with pytest.raises(ServerUnavailable):
            ask(target, tls=stranger, retry=RetryPolicy.none())
    assert "PRIVATE" not in repr(known)


def test_a_key_needs_its_certificate() -> None:
    with pytest.raises(ValueError, match="together"):
        TlsConfig(private_key=b"key")
