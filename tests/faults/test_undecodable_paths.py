"""Calls whose method is no UTF-8, which stop the server of `grpc.aio` for good."""

from __future__ import annotations

import grpc
import pytest

from tests.server.calls import EMPTY, METHOD, channel, send
from tests.server.http2 import Connection, message
from tests.server.processes import eventually

from .arena import Arena


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_server_goes_on_after_a_path_that_is_no_text(arena: Arena, workers: str) -> None:
    server = arena.start("--workers", workers)

    def answered() -> bool:
        with channel(server.port) as opened:
            try:
                return send(opened, EMPTY).HasField("recommendation")
            except grpc.RpcError:
                return False

    for _ in range(6):
        with Connection(server.port) as connection:
            connection.begin(1, METHOD.replace("S", "\xff"))
            connection.data(1, message(EMPTY))
            # Its connection is told to go, so the server has seen it.
            connection.wait_for_goaway()
        eventually(answered, "an answer")
    assert server.process.poll() is None
    server.wait_for_events("grpc stopped accepting calls; started again", 6)
    assert server.events("worker ended; another takes its place") == []
