"""Who may connect and call: everything tried without the right certificate, token or name.

The table in docs/security.md says what comes back. Each case here runs against a real server
and is held against its row there, so that the page cannot say anything else than what happens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from .calls import EMPTY, channel, code, detail, reason, refusal, send
from .certificates import Authority, Certificate
from .processes import ServerProcess, run_command

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
ISSUER, AUDIENCE = "https://issuer.example", "rolefit"
SERVING = health_pb2.HealthCheckResponse.SERVING
Metadata = tuple[tuple[str, str], ...]


def bearer(token: str) -> Metadata:
    return (("authorization", f"Bearer {token}"),)


@contextmanager
def secure(
    server: ServerProcess, root: bytes, client: Certificate | None = None
) -> Iterator[grpc.Channel]:
    """Opens a channel over TLS; the server's certificate has to be for 127.0.0.1."""
    own = () if client is None else (client.key, client.chain)
    credentials = grpc.ssl_channel_credentials(root, *own)
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(f"127.0.0.1:{server.port}", credentials, options) as opened:
        yield opened


class JwtIssuer:
    """Signs JSON Web Tokens and publishes its keys."""

    def __init__(self) -> None:
        self._keys = {kid: rsa.generate_private_key(65537, 2048) for kid in ("one", "secret")}
        self.public_pem = (
            self._keys["one"]
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )

    def jwks(self, *kids: str) -> str:
        keys = []
        for kid in kids:
            entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._keys[kid].public_key()))
            keys.append({**entry, "kid": kid, "alg": "RS256", "use": "sig"})
        return json.dumps({"keys": keys})

    def token(self, kid: str = "one", **changes: Any) -> str:
        return jwt.encode(
            claims(**changes), self._keys[kid], algorithm="RS256", headers={"kid": kid}
        )


def claims(**changes: Any) -> dict[str, Any]:
    """Valid claims with changes; None leaves one out."""
    valid = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "carol",
        "exp": int(time.time()) + 600,
    }
    return {key: each for key, each in {**valid, **changes}.items() if each is not None}


def forged(header: dict[str, str], secret: bytes | None) -> str:
    """A token with a header that jwt.encode would refuse to write."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    text = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims()).encode())}"
    if secret is None:
        return f"{text}."
    return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


@dataclass(frozen=True)
class World:
    """Servers of every kind, and what it takes to be let in."""

    mutual: ServerProcess
    tokens: ServerProcess
    limited: ServerProcess
    authority: Authority
    stranger: Authority
    issuer: JwtIssuer
    token: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("security")
    authority, issuer = Authority("authority"), JwtIssuer()
    made = run_command("token", "new", "alice").stdout
    token = re.search(r"rolefit_\S+", made)
    line = re.search(r"alice sha256:\S+", made)
    assert token is not None
    assert line is not None
    ca, tokens, jwks = folder / "ca.pem", folder / "tokens", folder / "jwks.json"
    ca.write_bytes(authority.pem)
    tokens.write_text(f"# who may call\n{line[0]}\n")
    jwks.write_text(issuer.jwks("one"))
    certificate, key = authority.certificate("server", "127.0.0.1").write(folder, "server")

    def started(name: str, *flags: object) -> ServerProcess:
        own = folder / f"of-{name}"
        own.mkdir()
        running.append(ServerProcess(own, "--workers", "1", *map(str, flags)))
        return running[-1]

    tls = ("--tls-certificate", certificate, "--tls-key", key)
    names = ("--tls-client-names", "allowed, other.example")
    identity = ("--tokens", tokens, "--jwks", jwks, "--jwt-issuer", ISSUER)
    closed = ("--jwt-audience", AUDIENCE, "--no-open-health")
    limits = ("--rate-per-second", 0.01, "--rate-burst", 2, "--no-reflection")
    running: list[ServerProcess] = []
    try:
        yield World(
            mutual=started("mutual", *tls, "--tls-client-ca", ca, *names),
            tokens=started("tokens", *tls, *identity, *closed),
            limited=started("limited", *limits),
            authority=authority,
            stranger=Authority("authority"),
            issuer=issuer,
            token=token[0],
        )
    finally:
        for each in running:
            each.stop()


def _mutual(world: World, client: Certificate | None) -> grpc.RpcError:
    with secure(world.mutual, world.authority.pem, client) as opened:
        return refusal(opened, EMPTY)


def _with(world: World, metadata: Metadata) -> grpc.RpcError:
    with secure(world.tokens, world.authority.pem) as opened:
        return refusal(opened, EMPTY, metadata=metadata)


def _failed(call: Callable[[], Any]) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def _check(opened: grpc.Channel, metadata: Metadata = ()) -> Any:
    stub = health_pb2_grpc.HealthStub(opened)
    request = health_pb2.HealthCheckRequest()
    return stub.Check(request, timeout=20, metadata=metadata).status


def _watch(opened: grpc.Channel, metadata: Metadata = ()) -> Any:
    stub = health_pb2_grpc.HealthStub(opened)
    request = health_pb2.HealthCheckRequest()
    return next(stub.Watch(request, timeout=20, metadata=metadata)).status


def _reflect(opened: grpc.Channel, metadata: Metadata = ()) -> Any:
    call: Any = opened.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    )
    return next(call(iter([b""]), timeout=20, metadata=metadata))


def _closed(world: World, call: Callable[[grpc.Channel], Any]) -> grpc.RpcError:
    with secure(world.tokens, world.authority.pem) as opened:
        return _failed(lambda: call(opened))


def _plaintext(world: World) -> grpc.RpcError:
    with channel(world.tokens.port) as opened:
        return refusal(opened, EMPTY)


def _foreign_root(world: World) -> grpc.RpcError:
    with secure(world.tokens, world.stranger.pem) as opened:
        return refusal(opened, EMPTY)


def _too_often(world: World) -> grpc.RpcError:
    with channel(world.limited.port) as opened:
        for _ in range(2):
            try:
                send(opened, EMPTY)
            except grpc.RpcError as error:  # by a test that came before
                return error
        return refusal(opened, EMPTY)


def _no_reflection(world: World) -> grpc.RpcError:
    with channel(world.limited.port) as opened:
        return _failed(lambda: _reflect(opened))


def _jwt(world: World, **changes: Any) -> grpc.RpcError:
    return _with(world, bearer(world.issuer.token(**changes)))


CASES: dict[str, Callable[[World], grpc.RpcError]] = {
    "Plaintext to a port with TLS": _plaintext,
    "TLS by a client that trusts another authority": _foreign_root,
    "No client certificate": lambda it: _mutual(it, None),
    "Client certificate of another authority of the same name": lambda it: _mutual(
        it, it.stranger.certificate("allowed", "allowed")
    ),
    "Expired client certificate": lambda it: _mutual(
        it, it.authority.certificate("allowed", "allowed", expired=True)
    ),
    "Client certificate with a name not allowed": lambda it: _mutual(
        it, it.authority.certificate("mallory", "mallory.example")
    ),
    "Allowed name as common name, another as alternative name": lambda it: _mutual(
        it, it.authority.certificate("allowed", "mallory.example")
    ),
    "No token": lambda it: _with(it, ()),
    "Unknown token": lambda it: _with(it, bearer("rolefit_" + "A" * 43)),
    "A token's hash instead of the token": lambda it: _with(
        it, bearer(hashlib.sha256(it.token.encode()).hexdigest())
    ),
    "Another scheme: `Basic`": lambda it: _with(it, (("authorization", f"Basic {it.token}"),)),
    "The token without a scheme": lambda it: _with(it, (("authorization", it.token),)),
    "Two `authorization` headers, one of them right": lambda it: _with(
        it, (*bearer(it.token), *bearer("other"))
    ),
    "JWT that is expired": lambda it: _jwt(it, exp=int(time.time()) - 3_600),
    "JWT that is not valid yet": lambda it: _jwt(it, nbf=int(time.time()) + 3_600),
    "JWT without an expiry": lambda it: _jwt(it, exp=None),
    "JWT with an expiry of 400 digits": lambda it: _jwt(it, exp=10**400),
    "JWT for another audience": lambda it: _jwt(it, aud="other"),
    "JWT of another issuer": lambda it: _jwt(it, iss="https://other.example"),
    "JWT without `sub`": lambda it: _jwt(it, sub=None),
    "JWT with an unknown `kid`": lambda it: _jwt(it, kid="secret"),
    "JWT with `alg: none`": lambda it: _with(
        it, bearer(forged({"alg": "none", "kid": "one"}, None))
    ),
    "JWT with `alg: HS256`, the public key as its secret": lambda it: _with(
        it, bearer(forged({"alg": "HS256", "kid": "one"}, it.issuer.public_pem))
    ),
    "JWT whose header nests brackets 5,000 deep": lambda it: _with(
        it, bearer(f"{base64.urlsafe_b64encode(b'[' * 4_998).decode()}.e30.AA")
    ),
    "JWT whose claims were changed": lambda it: _with(it, bearer(_tampered(it))),
    "Health check without a token, health closed": lambda it: _closed(it, _check),
    "Health watch without a token, health closed": lambda it: _closed(it, _watch),
    "Reflection without a token": lambda it: _closed(it, _reflect),
    "Reflection where it is off": _no_reflection,
    "More calls than the rate allows": _too_often,
}


def _tampered(world: World) -> str:
    head, _, signature = world.issuer.token().split(".")
    return ".".join((head, world.issuer.token(sub="root").split(".")[1], signature))


def came_back(error: Any) -> str:
    """What a table cell says of an error: its code and, if there is one, its reason."""
    if detail(error, error_details_pb2.ErrorInfo) is None:
        return f"`{code(error).name}`"
    return f"`{code(error).name}`, `{reason(error)}`"


@pytest.mark.parametrize("tried", CASES)
def test_what_comes_back_is_what_the_page_says(world: World, tried: str) -> None:
    row = f"| {tried} | {came_back(CASES[tried](world))} |"
    assert row in PAGE.read_text().splitlines()


def test_the_page_says_nothing_that_is_not_tried() -> None:
    table = PAGE.read_text().partition("| Tried | Came back |")[2].partition("\n\n")[0]
    assert [row.split(" | ")[0].strip("| ") for row in table.splitlines()[2:]] == list(CASES)


def test_none_of_the_refused_calls_was_answered_and_the_right_ones_are(world: World) -> None:
    for alternatives in (("allowed",), ("mallory.example", "other.example"), ()):
        client = world.authority.certificate("allowed", *alternatives)
        with secure(world.mutual, world.authority.pem, client) as opened:
            assert send(opened, EMPTY).HasField("recommendation")
    with secure(world.tokens, world.authority.pem) as opened:
        for token in (
            world.token,
            world.issuer.token(),
            world.issuer.token(aud=["x", "rolefit"]),
        ):
            for _ in range(2):  # the second time from memory
                answer = send(opened, EMPTY, metadata=bearer(token))
                assert answer.HasField("recommendation")
        lower = (("authorization", f"bearer {world.token}"),)
        assert send(opened, EMPTY, metadata=lower).HasField("recommendation")


def test_a_little_expired_is_within_the_leeway(world: World) -> None:
    with secure(world.tokens, world.authority.pem) as opened:
        token = world.issuer.token(exp=int(time.time()) - 5)
        assert send(opened, EMPTY, metadata=bearer(token)).HasField("recommendation")


def test_closed_health_and_reflection_answer_known_callers(world: World) -> None:
    with secure(world.tokens, world.authority.pem) as opened:
        assert _check(opened, bearer(world.token)) == SERVING
        assert _watch(opened, bearer(world.token)) == SERVING
        assert _reflect(opened, bearer(world.issuer.token()))


def test_with_a_certificate_for_all_health_and_reflection_work(world: World) -> None:
    client = world.authority.certificate("allowed")
    with secure(world.mutual, world.authority.pem, client) as opened:
        assert _check(opened) == SERVING
        found = ProtoReflectionDescriptorDatabase(opened).get_services()
        assert "rolefit.v1.RecommendationService" in found


def test_open_health_is_not_limited_and_needs_no_identity(world: World) -> None:
    with channel(world.limited.port) as opened:
        assert [_check(opened) for _ in range(5)] == [SERVING] * 5


def test_a_refusal_for_the_rate_says_when_to_come_back(world: World) -> None:
    retry: Any = detail(_too_often(world), error_details_pb2.RetryInfo)
    # One call in a hundred seconds.
    assert 0 < retry.retry_delay.ToMilliseconds() <= 100_000


def test_the_log_names_the_true_causes_and_no_secrets(world: World) -> None:
    for case in CASES.values():
        case(world)
    causes = {line["cause"] for line in world.tokens.events("callers refused")}
    assert causes == {
        "no token",
        "unknown token",
        "malformed authorization header",
        "its key is not in the JWKS file",
        "ExpiredSignatureError",
        "ImmatureSignatureError",
        "MissingRequiredClaimError",
        "InvalidAudienceError",
        "InvalidIssuerError",
        "InvalidAlgorithmError",
        "InvalidSignatureError",
        "DecodeError",
        "malformed JSON Web Token",
    }
    assert "rolefit_" not in world.tokens.stderr
    assert "eyJ" not in world.tokens.stderr
