"""The log line for each call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .calls import EMPTY, channel, refusal, send
from .processes import ServerProcess

Start = Callable[..., ServerProcess]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_each_call_is_a_line_with_its_decision_id(workers: str, start: Start) -> None:
    server = start("--workers", workers, "--access-log")
    with channel(server.port) as opened:
        answer = send(opened, EMPTY)
        refusal(opened, b"\xff")
    server.wait_for_events("call", 2)
    answered, refused = server.events("call")
    assert answered["decision_id"] == answer.decision_id
    assert (answered["method"], answered["code"], answered["caller"]) == ("Recommend", "OK", "")
    assert 0 < answered["seconds"] < 30
    assert "reason" not in answered
    assert (refused["code"], refused["reason"]) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")
    assert len(refused["decision_id"]) == 32


def test_calls_are_not_logged_otherwise(start: Start) -> None:
    server = start("--workers", "1")
    with channel(server.port) as opened:
        send(opened, EMPTY)
    server.stop()
    assert server.events("serving")
    assert not server.events("call")
