"""The bundled client against a server that asks who calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.client import (
    Client,
    PermissionDenied,
    RateExceeded,
    RetryPolicy,
    ServerUnavailable,
    TlsConfig,
    Unauthenticated,
)
from tests.server.certificates import Authority
from tests.server.processes import ServerProcess, run_command

from .conversation import rolefit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of server, friend and stranger, the friend's token, and its line."""
    made = tmp_path_factory.mktemp("identity")
    authority = Authority("authority")
    (made / "ca.pem").write_bytes(authority.pem)
    for name in ("friend", "stranger"):
        authority.certificate(name).write(made, name)
    authority.certificate("server", "localhost").write(made, "server")
    lines = run_command("token", "new", "friend").stdout.splitlines()
    (made / "token").write_text(lines[1].strip())
    (made / "tokens").write_text(lines[3].strip())
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    files = {
        "--tls-certificate": "server.pem",
        "--tls-key": "server.key",
        "--tls-client-ca": "ca.pem",
        "--tokens": "tokens",
    }
    flags = [each for flag, name in files.items() for each in (flag, str(folder / name))]
    flags += ["--tls-client-names", "friend", "--rate-per-second", "0.01", "--rate-burst", "4"]
    started = ServerProcess(folder, "--workers", "1", *flags)
    yield started
    started.stop()


def _client(server: ServerProcess, folder: Path, name: str | None, token: str | None) -> Client:
    tls = TlsConfig.from_files(
        root_certificates=folder / "ca.pem",
        private_key=folder / f"{name}.key" if name else None,
        certificate_chain=folder / f"{name}.pem" if name else None,
    )
    target = f"localhost:{server.port}"
    return Client(target, tls=tls, token=token, retry=RetryPolicy.none(), timeout=20)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ca", "tokens"], "tokens: holds no certificate in PEM"),
        (["--ca", "friend.key"], "friend.key: holds no certificate in PEM"),
        (
            ["--ca", "ca.pem", "--cert", "friend.pem", "--key", "stranger.key"],
            "stranger.key: is not the key of the certificate in friend.pem",
        ),
        (
            ["--ca", "ca.pem", "--cert", "friend.pem", "--key", "ca.pem"],
            "ca.pem: holds no private key in PEM",
        ),
        (["--ca", "ca.pem", "--token-file", "."], ".: Is a directory"),
    ],
    ids=["no PEM", "no certificate", "another's key", "no key", "no token"],
)
def test_files_that_cannot_be_used_are_named(
    server: ServerProcess, folder: Path, options: list[str], said: str
) -> None:
    call = ("recommend", "--example", "likes-both", *options)
    done = rolefit(*call, port=server.port, folder=folder)
    assert (done.returncode, done.stderr) == (2, f"{said}\n")


def test_a_handshake_that_fails_is_said_in_words(server: ServerProcess, folder: Path) -> None:
    for options in (["--tls"], ["--ca", "ca.pem"]):
        call = ("recommend", "--example", "likes-both", *options)
        done = rolefit(*call, port=server.port, folder=folder)
        assert done.returncode == 4
        assert done.stderr.startswith("No rolefit server answers at"), "nothing of gRPC's log"
        assert "whether each side trusts the other's certificate" in done.stderr


def test_refusals_are_typed_and_a_friend_is_answered(
    server: ServerProcess, folder: Path
) -> None:
    token = (folder / "token").read_text()
    with _client(server, folder, None, token) as client, pytest.raises(ServerUnavailable):
        client.recommend({})
    with _client(server, folder, "stranger", token) as client, pytest.raises(PermissionDenied):
        client.recommend({})
    for wrong in (None, token[:-1]):
        friend = _client(server, folder, "friend", wrong)
        with friend as client, pytest.raises(Unauthenticated):
            client.recommend({})

    command = ("recommend", "--example", "likes-both")
    tls = ("--ca", "ca.pem", "--cert", "friend.pem", "--key", "friend.key")
    done = rolefit(*command, *tls, port=server.port, folder=folder)
    assert done.returncode == 5
    assert "does not know who calls" in done.stderr
    token_too = (*tls, "--token-file", "token")
    done = rolefit(*command, *token_too, port=server.port, folder=folder)
    assert done.returncode in (0, 3), done.stderr

    # None of the refused calls has used up the friend's burst of four.
    with _client(server, folder, "friend", token) as client:
        assert client.recommend({}).path
        assert client.list_paths()
        assert client.recommend({}).path
        with pytest.raises(RateExceeded) as caught:
            client.recommend({})
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 100
