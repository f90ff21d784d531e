"""Certificates, tokens and keys that change while the server serves, and broken ones."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from rolefit.server.json_web_tokens import read_keys
from rolefit.server.tls import Tls
from rolefit.server.watched_files import FileError

from .calls import EMPTY, channel, send
from .certificates import Authority
from .processes import ServerProcess, eventually, run_command
from .test_security import AUDIENCE, ISSUER, JwtIssuer, bearer, secure

Start = Callable[..., ServerProcess]
IN_USE = "changed files are in use"
NOT_USED = "changed files cannot be used; going on with the last good ones"


def _answers(server: ServerProcess, root: bytes) -> bool:
    with secure(server, root) as opened:
        try:
            return send(opened, EMPTY).HasField("recommendation")
        except grpc.RpcError:
            return False


def replace(file: Path, content: bytes) -> None:
    """Puts new content into a file at once, so that no half of it is ever read."""
    draft = file.with_name("draft")
    draft.write_bytes(content)
    draft.replace(file)


def test_a_certificate_is_replaced_under_open_connections(start: Start, tmp_path: Path) -> None:
    old, new = Authority("old"), Authority("new")
    chain, key = old.certificate("server", "127.0.0.1").write(tmp_path, "server")
    server = start(*("--workers", "1", "--tls-certificate", str(chain), "--tls-key", str(key)))
    with secure(server, old.pem) as opened:
        assert send(opened, EMPTY).HasField("recommendation")
        assert not _answers(server, new.pem)

        replace(chain, b"broken")
        server.wait_for_events(NOT_USED, 1)
        assert str(chain) in server.events(NOT_USED)[0]["cause"]
        assert _answers(server, old.pem)

        replacement = new.certificate("server", "127.0.0.1")
        replace(chain, replacement.chain)  # whose key is not there yet
        server.wait_for_events(NOT_USED, 2)
        assert _answers(server, old.pem)

        replace(key, replacement.key)
        eventually(lambda: _answers(server, new.pem), "the new certificate")
        server.wait_for_events(IN_USE, 1)
        assert not _answers(server, old.pem)
        assert send(opened, EMPTY).HasField("recommendation")  # over the old connection
    assert len(server.events(NOT_USED)) == 2
    assert len(server.events(IN_USE)) == 1
    assert "PRIVATE" not in server.stderr


def test_both_workers_take_a_new_authority_of_clients(start: Start, tmp_path: Path) -> None:
    old, new = Authority("old"), Authority("new")
    chain, key = old.certificate("server", "127.0.0.1").write(tmp_path, "server")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(old.pem)
    files = ("--tls-certificate", chain, "--tls-key", key, "--tls-client-ca", ca)
    server = start("--workers", "2", *map(str, files))
    before, after = old.certificate("client"), new.certificate("client")

    def answers(client: object) -> bool:
        with secure(server, old.pem, client) as opened:  # type: ignore[arg-type]
            try:
                return send(opened, EMPTY).HasField("recommendation")
            except grpc.RpcError:
                return False

    assert answers(before)
    assert not answers(after)
    other = ca.with_suffix(".new")
    other.write_bytes(new.pem)
    other.replace(ca)
    server.wait_for_events(IN_USE, 2)
    assert [answers(after) for _ in range(6)] == [True] * 6
    assert not any(answers(before) for _ in range(6))


def test_a_certificate_made_with_openssl_will_do(start: Start, tmp_path: Path) -> None:
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {chain}"
    )
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    server = start("--tls-certificate", str(chain), "--tls-key", str(key), "--workers", "1")
    assert _answers(server, chain.read_bytes())
    with channel(server.port) as opened, pytest.raises(grpc.RpcError):
        send(opened, EMPTY)


def _accepted(server: ServerProcess, token: str) -> bool:
    with channel(server.port) as opened:
        try:
            return send(opened, EMPTY, metadata=bearer(token)).HasField("recommendation")
        except grpc.RpcError:
            return False


def _new_token(name: str) -> tuple[str, str]:
    lines = run_command("token", "new", name).stdout.splitlines()
    return lines[1].strip(), lines[3].strip()


def test_tokens_come_and_go_with_their_lines(start: Start, tmp_path: Path) -> None:
    (first, first_line), (second, second_line) = _new_token("alice"), _new_token("alice")
    tokens = tmp_path / "tokens"
    tokens.write_text(first_line)
    server = start("--workers", "1", "--tokens", str(tokens))
    assert _accepted(server, first)
    assert not _accepted(server, second)
    replace(tokens, f"{first_line}  # old\n\n{second_line}\n".encode())
    eventually(lambda: _accepted(server, second), "the second token")
    assert _accepted(server, first)
    replace(tokens, f"{second_line}\n{first}\n".encode())  # a token instead of its line
    server.wait_for_events(NOT_USED, 1)
    assert "line 2" in server.events(NOT_USED)[0]["cause"]
    assert first not in server.stderr
    replace(tokens, second_line.encode())
    eventually(lambda: not _accepted(server, first), "the end of the first token")
    assert _accepted(server, second)
    tokens.unlink()
    server.wait_for_events(NOT_USED, 2)
    assert _accepted(server, second)


def test_a_key_taken_out_of_the_jwks_ends_its_tokens(start: Start, tmp_path: Path) -> None:
    issuer, jwks = JwtIssuer(), tmp_path / "jwks.json"
    jwks.write_text(issuer.jwks("one"))
    flags = ("--jwks", str(jwks), "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)
    server = start("--workers", "1", *flags)
    token = issuer.token()
    assert _accepted(server, token)
    replace(jwks, issuer.jwks("secret").encode())
    eventually(lambda: not _accepted(server, token), "the end of the key")
    assert _accepted(server, issuer.token("secret"))


SHORT = base64.urlsafe_b64encode(bytes([255]) * 128).decode().rstrip("=")
JWK = {"kty": "RSA", "kid": "a", "n": SHORT, "e": "AQAB", "use": "sig"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not a JWKS"),
        ("[]", "not a JWKS"),
        ('{"keys": {}}', "not a list"),
        ('{"keys": [1]}', "key 1 is not a JSON object"),
        ('{"keys": []}', "no key for signatures"),
        (json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), "key 1 is secret"),
        (json.dumps({"keys": [{**JWK, "d": "AQAB"}]}), "key 1 is secret"),
        (json.dumps({"keys": [JWK]}), "fewer than 2048 bits"),
        (json.dumps({"keys": [{**JWK, "use": "enc"}]}), "no key for signatures"),
        (json.dumps({"keys": [{**JWK, "alg": "RS1"}]}), "no key for signatures"),
    ],
)
def test_a_jwks_that_cannot_be_used_says_why(content: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    with pytest.raises(FileError) as caught:
        read_keys(path, content.encode())
    assert str(caught.value).startswith(f"{path}: ")
    assert why in str(caught.value)
    assert "c2VjcmV0" not in str(caught.value)


def test_certificates_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    authority = Authority("authority")
    chain, key = authority.certificate("server").write(tmp_path, "server")
    _, other_key = authority.certificate("server").write(tmp_path, "other")
    old_chain, old_key = authority.certificate("s", expired=True).write(tmp_path, "old")
    absent, text = tmp_path / "absent", tmp_path / "text"
    text.write_text("text")
    cases: list[tuple[Path, Path, Path | None, Path, str]] = [
        (absent, key, None, absent, "no such file"),
        (text, key, None, text, "not a certificate"),
        (chain, text, None, text, "not a private key"),
        (chain, other_key, None, other_key, "not the key"),
        (old_chain, old_key, None, old_chain, "expired"),
        (chain, key, text, text, "not a certificate"),
    ]
    for certificate, private, client_ca, bad, why in cases:
        with pytest.raises(FileError) as caught:
            Tls(certificate, private, client_ca)
        assert str(caught.value).startswith(f"{bad}: ")
        assert why in str(caught.value)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_does_not_start_with_a_file_it_cannot_use(
    workers: str, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("alice sha256:00")
    done = run_command("serve", "--port", "0", "--workers", workers, "--tokens", str(tokens))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == f"rolefit-server: {tokens}: line 1 is not NAME sha256:64-HEX-DIGITS"
