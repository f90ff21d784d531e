"""Refuses settings under which a server would be more open than its owner said.

It stays free of grpc: the command asks before anything starts.
"""

import ipaddress
import socket

from rolefit.server.config import ConfigError, ServerConfig


def check(config: ServerConfig) -> None:
    """Check the settings of transport and identity against each other.

    Raises:
        ConfigError: They contradict each other, or serve plaintext beyond loopback.
    """
    _check_tls(config)
    _check_json_web_tokens(config)
    if config.tls_certificate or config.allow_plaintext or is_loopback(config.host):
        return
    raise ConfigError(
        f"--host {config.host} can be reached from elsewhere, without encryption; give a "
        "--tls-certificate, or --allow-plaintext if that is meant"
    )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can connect to `host`.

    A name that does not resolve is reachable by nobody; listening on it fails by itself.
    """
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def client_names(config: ServerConfig) -> frozenset[str]:
    """Return the names that client certificates may bear; none if any will do."""
    names = (name.strip() for name in config.tls_client_names.split(","))
    return frozenset(name for name in names if name)


def _check_tls(config: ServerConfig) -> None:
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise ConfigError("--tls-certificate and --tls-key go together: give both or none")
    if config.tls_client_ca and not config.tls_certificate:
        raise ConfigError("--tls-client-ca needs --tls-certificate and --tls-key")
    if config.tls_client_names and not config.tls_client_ca:
        raise ConfigError(
            "--tls-client-names needs --tls-client-ca, which vouches for the names"
        )
    if config.tls_client_names and not client_names(config):
        raise ConfigError("--tls-client-names holds no name")


def _check_json_web_tokens(config: ServerConfig) -> None:
    expected = {"--jwt-issuer": config.jwt_issuer, "--jwt-audience": config.jwt_audience}
    for flag, value in expected.items():
        if config.jwks and not value:
            raise ConfigError(f"--jwks needs {flag}, or tokens meant for others would do")
        if value and not config.jwks:
            raise ConfigError(f"{flag} needs --jwks, the keys to check tokens with")
