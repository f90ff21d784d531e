"""Calls whose method is no UTF-8, which stop the server of `grpc.aio` for good."""

from __future__ import annotations

import grpc
import pytest

from tests.server.calls import EMPTY, channel, send
from tests.server.processes import eventually

from .arena import Arena
from .hostile_bytes import STARTED_AGAIN, send_undecodable_path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_server_goes_on_after_a_path_that_is_no_text(arena: Arena, workers: str) -> None:
    server = arena.start("--workers", workers)

    def answered() -> bool:
        with channel(server.port) as opened:
            try:
                return send(opened, EMPTY).HasField("recommendation")
            except grpc.RpcError:
                return False

    for number in range(1, 7):
        # A worker that has stopped already, and not started again, takes no notice of another.
        while len(server.events(STARTED_AGAIN)) < number:
            send_undecodable_path(server.port)
        eventually(answered, "an answer")
    assert server.process.poll() is None
    assert server.events("worker ended; another takes its place") == []
