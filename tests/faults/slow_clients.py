"""Clients that connect and do little, or begin what they do not finish."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from tests.server.calls import EMPTY, METHOD
from tests.server.http2 import HEADERS, Connection, frame, header_block, message

from .arena import Arena, Figures, figures

_IDLE = 1_000
_ANSWERS_BESIDE = 400


def idle_connections(arena: Arena) -> Figures:
    """1,000 connections without a call."""
    server = arena.start("--workers", "2")
    with ExitStack() as held:
        for _ in range(_IDLE):
            held.enter_context(Connection(server.port))
        with arena.load(server) as load:
            load.more(_ANSWERS_BESIDE * arena.scale)
    return figures(load)


def half_sent_headers(arena: Arena) -> Figures:
    """400 connections that stop in the middle of HTTP/2: half of them before the preface
    ends, half inside a HEADERS frame."""
    server = arena.start("--workers", "2")
    half_frame = frame(HEADERS, 4, 1, header_block(METHOD))[:30]
    with ExitStack() as held:
        for _ in range(200):
            bare = socket.create_connection(("127.0.0.1", server.port))
            held.enter_context(bare)
            bare.sendall(b"PRI * HTTP/2.0\r\n")
            held.enter_context(Connection(server.port)).send(half_frame)
        with arena.load(server) as load:
            load.more(_ANSWERS_BESIDE * arena.scale)
    return figures(load)


def half_sent_messages(arena: Arena) -> Figures:
    """1,000 calls whose message never ends, on 50 connections: more than there are places."""
    server = arena.start("--workers", "2")
    half_message = message(EMPTY)[:-1]
    with ExitStack() as held, arena.load(server) as load:
        for _ in range(50):
            connection = held.enter_context(Connection(server.port))
            for stream in range(1, 40, 2):
                connection.begin(stream, METHOD)
                connection.data(stream, half_message, end=False)
        load.more(_ANSWERS_BESIDE * arena.scale)
    return figures(load)
