"""Settings of transport and identity that contradict each other or open too much."""

from __future__ import annotations

from typing import Any

import pytest

from rolefit.server.config import ConfigError, ServerConfig
from rolefit.server.exposure import check

from .processes import run_command


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        ({"host": "0.0.0.0"}, ["--host 0.0.0.0", "--tls-certificate", "--allow-plaintext"]),
        ({"host": "::"}, ["--host ::"]),
        ({"host": "*"}, ["--allow-plaintext"]),
        ({"host": "192.0.2.1"}, ["--allow-plaintext"]),
        ({"tls_certificate": "c"}, ["--tls-certificate", "--tls-key"]),
        ({"tls_key": "k"}, ["--tls-certificate", "--tls-key"]),
        ({"tls_client_ca": "a"}, ["--tls-client-ca", "--tls-certificate"]),
        ({"tls_client_names": "a"}, ["--tls-client-names", "--tls-client-ca"]),
        (
            {
                "tls_certificate": "c",
                "tls_key": "k",
                "tls_client_ca": "a",
                "tls_client_names": " , ",
            },
            ["--tls-client-names"],
        ),
        ({"jwks": "j"}, ["--jwks", "--jwt-issuer"]),
        ({"jwks": "j", "jwt_issuer": "i"}, ["--jwks", "--jwt-audience"]),
        ({"jwt_audience": "a"}, ["--jwt-audience", "--jwks"]),
    ],
)
def test_what_is_wrong_is_said_by_flag(settings: dict[str, Any], flags: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        check(ServerConfig(**settings))
    for flag in flags:
        assert flag in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "localhost"},
        {"host": "127.0.0.2"},
        {"host": "::1"},
        {"host": "0.0.0.0", "allow_plaintext": True},
        {"host": "0.0.0.0", "tls_certificate": "c", "tls_key": "k"},
        {"tokens": "t"},
    ],
)
def test_the_rest_is_accepted(settings: dict[str, Any]) -> None:
    check(ServerConfig(**settings))


def test_plaintext_beyond_loopback_is_refused_before_anything_starts() -> None:
    done = run_command("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--allow-plaintext" in line


def test_a_token_needs_a_fit_name_and_is_shown_with_its_line() -> None:
    done = run_command("token", "new", "ci@example")
    assert done.returncode == 0
    _, token, _, line = done.stdout.splitlines()
    assert token.strip() not in line
    assert line.strip().startswith("ci@example sha256:")
    assert run_command("token", "new", "a b").returncode == 2
