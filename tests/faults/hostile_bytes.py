"""Peers that speak HTTP/2 badly, or something else."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import zlib
from collections.abc import Callable

from tests.server.calls import EMPTY, METHOD
from tests.server.http2 import (
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    RST_STREAM,
    SETTINGS,
    Connection,
    ConnectionClosed,
    frame,
    header_block,
    message,
)
from tests.server.processes import ServerProcess

from .arena import Arena, Figures, figures
from .load import Load, now
from .request_bytes import deeply_nested

STARTED_AGAIN = "grpc stopped accepting calls; started again"
_CONTINUATION = 9
_RESETS_PER_CONNECTION = 1_000
_FLOOD = 5_000
_LARGEST_MESSAGE = 256 * 1024
# What a call to a method may end with, by number: INVALID_ARGUMENT, RESOURCE_EXHAUSTED.
_REFUSED = (3, 8)


def garbage_and_cut_frames(arena: Arena) -> Figures:
    """Noise instead of HTTP/2, noise after its preface, and frames cut off or mislabelled."""
    rng = random.Random(1)

    def attack(port: int, rounds: int) -> None:
        for number in range(60 * rounds):
            with socket.create_connection(("127.0.0.1", port)) as bare:
                bare.sendall(rng.randbytes(rng.choice((1, 9, 24, 500))))
            good = frame(HEADERS, 4, 1, header_block(METHOD)) + frame(
                DATA, 1, 1, message(EMPTY)
            )
            spoilt = bytearray(good)
            spoilt[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
            for content in (
                rng.randbytes(200),
                good[: rng.randrange(len(good))],
                bytes(spoilt),
                b"\xff\xff\xff" + bytes([number % 256]) + rng.randbytes(20),
                frame(rng.randrange(256), rng.randrange(256), rng.randrange(9), b"\0" * 40),
            ):
                _send_and_leave(port, content)

    return _beside(arena, attack)


def other_protocols(arena: Arena) -> Figures:
    """HTTP/1.1 on the port, a TLS handshake, other content types, other methods of HTTP."""

    def attack(port: int, rounds: int) -> None:
        hello = bytes.fromhex("160301002e0100002a0303") + bytes(32) + b"\0\0\x02\x13\x01\1\0"
        for _ in range(4 * rounds):
            for opening in (
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
                b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
                hello,
            ):
                assert _ends_connection(port, opening), f"{opening!r} was left open"
            for headers in (
                {"content-type": "application/json"},
                {"content-type": "text/html"},
                {":method": "GET"},
                {":method": "PUT"},
                {"te": "gzip"},
                {"grpc-encoding": "brotli"},
                {"grpc-timeout": "soon"},
            ):
                _call_and_leave(port, METHOD, message(EMPTY), headers)

    return _beside(arena, attack)


def oversized_and_nested(arena: Arena) -> Figures:
    """Messages too long, said to be longer, compressed from more, or nested 40,000 deep."""
    packed = zlib.compress(bytes(20 * 2**20))
    compressed = b"\x01" + struct.pack(">I", len(packed)) + packed
    bodies: list[tuple[bytes, dict[str, str]]] = [
        (b"\0" + struct.pack(">I", 2**32 - 1) + bytes(1000), {}),
        (b"\0" + struct.pack(">I", _LARGEST_MESSAGE + 1) + bytes(10_000), {}),
        (compressed, {"grpc-encoding": "deflate"}),
        (compressed[:-5] + b"xxxxx", {"grpc-encoding": "deflate"}),
    ]

    def attack(port: int, rounds: int) -> None:
        for _ in range(10 * rounds):
            for body, headers in bodies:
                status = _call(port, METHOD, body, headers)
                assert status in (*_REFUSED, 12, 13), status
            # Parsed: well within the limit on size, or it would prove nothing.
            nested = deeply_nested(40_000)
            assert len(nested) < _LARGEST_MESSAGE
            assert _call(port, METHOD, message(nested), {}) in _REFUSED

    return _beside(arena, attack)


def undecodable_paths(arena: Arena) -> Figures:
    """Calls whose method is no UTF-8: each stops the `grpc.aio` server of one worker."""
    server = arena.start("--workers", "2")
    faults = []
    # Callers that do not wait for a server have 1.5 s of retries: too little for those whom
    # several strikes in a row hit.
    with arena.load(server, connections=8, wait_for_ready=True) as load:
        for number in range(1, 5 * min(arena.scale, 4) + 1):
            faults.append(now())
            while len(server.events(STARTED_AGAIN)) < number:
                send_undecodable_path(server.port)
            load.more(100)
        _same_workers(server, load)
    return figures(load, faults)


def send_undecodable_path(port: int) -> None:
    """Makes one such call, and waits until its connection is told to go."""
    # Refused or closed where a worker is about to listen again.
    with contextlib.suppress(ConnectionError, ConnectionClosed), Connection(port) as connection:
        connection.begin(1, METHOD.replace("S", "\xff"))
        connection.data(1, message(EMPTY))
        connection.wait_for_goaway()


def rapid_reset(arena: Arena) -> Figures:
    """10,000 calls begun and reset at once, on ten connections."""

    def attack(port: int, rounds: int) -> None:
        for _ in range(10 * rounds):
            block = header_block(METHOD)
            cancel = struct.pack(">I", 8)
            content = b"".join(
                frame(HEADERS, 5, stream, block) + frame(RST_STREAM, 0, stream, cancel)
                for stream in range(1, 2 * _RESETS_PER_CONNECTION, 2)
            )
            _send_and_leave(port, content)

    return _beside(arena, attack)


def floods(arena: Arena) -> Figures:
    """5,000 each of pings, settings, empty frames, header continuations and long headers."""
    begun = frame(HEADERS, 0, 1, header_block(METHOD))

    def attack(port: int, rounds: int) -> None:
        for _ in range(2 * rounds):
            for content in (
                frame(PING, 0, 0, bytes(8)) * _FLOOD,
                frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65_535)) * _FLOOD,
                frame(HEADERS, 4, 1, header_block(METHOD)) + frame(DATA, 0, 1, b"") * _FLOOD,
                begun + frame(_CONTINUATION, 0, 1, b"\0\x01a\x01b" * 20) * _FLOOD,
                begun + frame(_CONTINUATION, 4, 1, b"\0\x01a\x7f\x81\x3e" + b"x" * 8_128),
                frame(GOAWAY, 0, 0, bytes(8)) * _FLOOD,
            ):
                _send_and_leave(port, content)

    return _beside(arena, attack)


def _beside(arena: Arena, attack: Callable[[int, int], None]) -> Figures:
    server: ServerProcess = arena.start("--workers", "2")
    with arena.load(server, connections=8) as load:
        attack(server.port, arena.scale)
        load.more(150)
        _same_workers(server, load)
    return figures(load)


def _same_workers(server: ServerProcess, load: Load) -> None:
    """A worker that died would be replaced, and the load not notice."""
    for event in ("worker ended; another takes its place", "call failed"):
        assert server.events(event) == [], f"{server.events(event)}; {load.report.failures}"


def _call(port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    with Connection(port) as connection:
        connection.begin(1, path, headers)
        for at in range(0, len(body), 16_000):
            connection.data(1, body[at : at + 16_000], end=at + 16_000 >= len(body))
        return connection.status(1)


def _call_and_leave(port: int, path: str, body: bytes, headers: dict[str, str]) -> None:
    """Makes a call that may be refused in any way, but not with an answer that never comes."""
    with Connection(port) as connection:
        try:
            connection.begin(1, path, headers)
            connection.data(1, body)
            connection.ended(1)
        except ConnectionClosed:
            pass


def _send_and_leave(port: int, content: bytes) -> None:
    with Connection(port) as connection, contextlib.suppress(ConnectionClosed):
        connection.send(content)


def _ends_connection(port: int, opening: bytes) -> bool:
    with socket.create_connection(("127.0.0.1", port), 30) as bare:
        try:
            bare.sendall(opening)
            while bare.recv(65_536):
                pass
        except ConnectionError:
            pass
        return True
