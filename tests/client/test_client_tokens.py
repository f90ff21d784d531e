"""Tokens of the client, and what it makes of servers that refuse a caller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2  # type: ignore[import-untyped]

from rolefit.client import (
    Answer,
    Client,
    Overloaded,
    PermissionDenied,
    RateExceeded,
    RolefitError,
    TlsConfig,
    Unauthenticated,
)
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

from .command import Rolefit
from .test_client_errors import cause, fails, status

Ask = Callable[..., Answer]
Serve = Callable[..., str]


class Headers:
    """A script that notes the header `authorization` of each call."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def __call__(self, _: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        metadata: Any = context.invocation_metadata()
        self.seen.append([value for key, value in metadata if key == "authorization"])
        return RecommendResponse()


def test_a_token_goes_with_every_call(serve: Serve, ask: Ask) -> None:
    headers = Headers()
    ask(serve(headers), token="abc.DEF-1_2~3+4/5=")
    ask(serve(headers))
    assert headers.seen == [["Bearer abc.DEF-1_2~3+4/5="], []]


def test_a_token_may_change_from_call_to_call(serve: Serve) -> None:
    headers, tokens = Headers(), iter(["one", "two"])
    with Client(serve(headers), token=lambda: next(tokens)) as client:
        client.recommend({})
        client.recommend({})
    assert headers.seen == [["Bearer one"], ["Bearer two"]]


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ä"])
def test_what_is_no_token_is_not_sent_and_not_shown(serve: Serve, ask: Ask, token: str) -> None:
    headers = Headers()
    with pytest.raises(ValueError, match="token is no bearer token") as caught:
        ask(serve(headers), token=token)
    assert not token or token not in str(caught.value)
    assert headers.seen == []


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "dns:///example.com:443",
        "10.0.0.1:50051",
        "localhost.example.com:1",
        "ipv4:127.0.0.1:1,10.0.0.1:1",
        "dns://127.0.0.1/example.com:443",
        "[2001:db8::1]:1",
        "xds:///localhost",
    ],
)
def test_a_token_does_not_leave_the_machine_in_plaintext(target: str) -> None:
    with pytest.raises(ValueError, match="plaintext") as caught:
        Client(target, token="secret")
    assert target in str(caught.value)
    assert "secret" not in str(caught.value)
    with Client(target, token="secret", tls=TlsConfig()) as client:
        assert "secret" not in repr(client)


@pytest.mark.parametrize(
    "target",
    [
        "localhost:50051",
        "localhost",
        "127.0.0.1:50051",
        "dns:///localhost:50051",
        "ipv4:127.0.0.1:1,127.0.0.2:1",
        "ipv6:[::1]:50051",
        "[::1]:50051",
        "unix:/run/rolefit.sock",
    ],
)
def test_a_token_may_go_to_this_machine(target: str) -> None:
    Client(target, token="secret").close()


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING", Unauthenticated),
        (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_REJECTED", Unauthenticated),
        (grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED", PermissionDenied),
    ],
)
def test_refusals_have_types_of_their_own(
    serve: Serve, ask: Ask, code: grpc.StatusCode, reason: str, kind: type[RolefitError]
) -> None:
    target = serve(fails(code, "what it says", status(code, cause(reason))))
    with pytest.raises(kind) as caught:
        ask(target)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert target in str(caught.value)
    assert "what it says" in str(caught.value)


def test_calling_too_often_is_told_from_a_busy_server(serve: Serve, ask: Ask) -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2))
    target = serve(fails(code, "slow", status(code, cause("RATE_EXCEEDED"), retry)))
    with pytest.raises(RateExceeded, match=r"from this caller\. Try again in 2 s") as caught:
        ask(target)
    assert isinstance(caught.value, Overloaded)
    assert caught.value.retry_after == 2


def test_the_command_takes_a_token_from_a_file_or_the_environment(
    rolefit: Rolefit, serve: Serve, tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, file = Headers(), tmp_path / "token"
    file.write_text("from-file\n")
    command = ("recommend", "--example", "likes-both", "--server", serve(headers))
    rolefit(*command)
    rolefit(*command, "--token-file", str(file))
    monkeypatch.setenv("ROLEFIT_TOKEN", "from-environment")
    rolefit(*command)
    assert headers.seen == [[], ["Bearer from-file"], ["Bearer from-environment"]]


def test_the_command_says_what_is_wrong_with_its_files(
    rolefit: Rolefit, tmp_path: File
) -> None:
    command = ("recommend", "--example", "likes-both")
    absent, empty = tmp_path / "absent", tmp_path / "empty"
    empty.write_text("\n")
    for options, says in (
        (["--token-file", str(absent)], f"{absent}: No such file"),
        (["--token-file", str(empty)], f"{empty}: holds no token"),
        (["--ca", str(absent)], f"{absent}: No such file"),
        (["--cert", str(empty)], "--cert and --key go together"),
    ):
        done = rolefit(*command, *options)
        assert done.exit_code == 2
        assert says in done.stderr
    empty.write_text("secret")
    done = rolefit(*command, "--server", "10.0.0.1:1", "--token-file", str(empty))
    assert done.exit_code == 2
    assert "plaintext" in done.stderr
    assert "secret" not in done.stderr
