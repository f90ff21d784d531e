"""The limits of a server as a table, with the defaults that the code has."""

from __future__ import annotations

import enum

from rolefit.server import errors
from rolefit.server.config import ServerConfig
from rolefit_docs.markdown import code, table

_OVERLOADED = errors.overloaded(1)
_RATE_EXCEEDED = errors.rate_exceeded(1.0)


class _End(enum.Enum):
    """What becomes of what goes over a limit, in words."""

    GO_AWAY = "asked to go (GOAWAY); calls go on for the time of the grace"
    CLOSED = "the connection is closed"


# What is limited, by which setting, what becomes of the rest, and the metric's label.
_LIMITS: tuple[tuple[str, str, str | _End | errors.CallError], ...] = (
    ("Size of a request, in bytes", "max_message_bytes", "`RESOURCE_EXHAUSTED` by gRPC itself"),
    ("Calls that a worker holds, at work or waiting", "max_in_flight", _OVERLOADED),
    (
        "Time a call may hold a place without its message once places are short",
        "stall_seconds",
        _OVERLOADED,
    ),
    ("Calls a second from one caller", "rate_per_second", _RATE_EXCEEDED),
    ("Calls at once from one caller after a pause", "rate_burst", _RATE_EXCEEDED),
    (
        "Open streams of a connection",
        "max_concurrent_streams",
        "clients keep to it and let calls wait; streams beyond it are reset",
    ),
    ("Time to speak TLS and HTTP/2", "handshake_timeout_seconds", _End.CLOSED),
    ("Age of a connection", "connection_age_seconds", _End.GO_AWAY),
    (
        "Grace for the calls of such a connection",
        "connection_age_grace_seconds",
        _End.CLOSED,
    ),
    ("Time of a connection without a call", "connection_idle_seconds", _End.GO_AWAY),
    ("Interval of the server's pings", "keepalive_seconds", "a ping is sent"),
    ("Time to answer a ping", "keepalive_timeout_seconds", _End.CLOSED),
    (
        "Shortest interval of a client's pings",
        "min_ping_interval_seconds",
        "asked to go with `too_many_pings` after a few",
    ),
)


def limits_table() -> str:
    """Return the table of limits."""
    defaults = ServerConfig()
    rows = []
    for what, name, end in _LIMITS:
        flag = name.replace("_", "-")
        default = code(f"{getattr(defaults, name):g}") if getattr(defaults, name) else "none"
        beyond, label = _beyond(end)
        rows.append((what, f"[{code('--' + flag)}](#{flag})", default, beyond, label))
    return table(("Limit", "Setting", "Default", "Beyond it", "Metric's label"), rows)


def _beyond(end: str | _End | errors.CallError) -> tuple[str, str]:
    if not isinstance(end, errors.CallError):
        return (end.value if isinstance(end, _End) else end), "not counted"
    (reason,) = (str(getattr(detail, "reason", "")) for detail in end.details[-1:])
    return f"{code(end.code.name)}, {code(reason)}, with `RetryInfo`", code(reason)
