"""Bearer tokens: how they go with a call, and where they may not go."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from rolefit.client.options import TlsConfig

Token = str | Callable[[], str]

_SAFE = re.compile(r"[A-Za-z0-9._~+/=-]+")
_LOCAL_SCHEMES = ("unix:", "unix-abstract:")


def is_bearer_token(text: str) -> bool:
    """Say whether a text could be a bearer token."""
    return _SAFE.fullmatch(text) is not None


def token_header(token: Token) -> tuple[str, str]:
    """Return the header for the token as it is now.

    Raises:
        ValueError: It is no bearer token.

    """
    text = token if isinstance(token, str) else token()
    if not is_bearer_token(text):
        # Unquoted: an error message is no place for it.
        raise ValueError(
            "token is no bearer token: it is empty or has characters such as spaces"
        )
    return ("authorization", f"Bearer {text}")


def check_token_is_safe(target: str, tls: TlsConfig | None) -> None:
    """Refuse to send tokens where others can read them.

    Raises:
        ValueError: The connection is plaintext and goes beyond this machine.

    """
    if tls is None and not _is_local(target):
        raise ValueError(
            f"a token would travel to {target} in plaintext; turn TLS on, as it is safe only "
            "to this machine"
        )


def _is_local(target: str) -> bool:
    """Say whether every address of a gRPC target is on this machine for certain."""
    if target.startswith(_LOCAL_SCHEMES):
        return True
    # Such as dns:///localhost:50051 and ipv4:127.0.0.1:1,127.0.0.1:2.
    addresses = re.sub(r"^(dns|ipv4|ipv6|passthrough):(//[^/]*/)?", "", target).split(",")
    return all(_is_loopback(_host(address)) for address in addresses)


def _host(address: str) -> str:
    bracketed = re.fullmatch(r"\[([^\]]*)\](:\d+)?", address)
    if bracketed:
        return bracketed[1]
    return address.rpartition(":")[0] if address.count(":") == 1 else address


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
