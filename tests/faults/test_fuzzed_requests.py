"""Any bytes at all get the right answer or the right refusal.

Some hundreds here; `make fuzz SECONDS=600` puts as many as the time allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message
from hypothesis import given, settings

from rolefit.engine import Engine
from tests.server.calls import channel
from tests.server.processes import ServerProcess

from .arena import Arena
from .callees import RECOMMEND, methods, over_the_wire
from .oracle import Oracle
from .request_bytes import deeply_nested, requests

OTHERS = {path: kind for path, kind in methods().items() if path != RECOMMEND}


@pytest.fixture(scope="module")
def server(cases_file: Path) -> Iterator[ServerProcess]:
    with Arena(cases_file) as arena:
        yield arena.start("--workers", "1")


@pytest.fixture(scope="module")
def opened(server: ServerProcess) -> Iterator[grpc.Channel]:
    with channel(server.port) as each:
        yield each


@pytest.fixture(scope="module")
def oracle(engine: Engine) -> Oracle:
    return Oracle(engine)


@settings(max_examples=600)
@given(message=requests())
def test_recommend_is_right_about_any_bytes(
    opened: grpc.Channel, oracle: Oracle, message: bytes
) -> None:
    assert oracle.complaints(message, over_the_wire(opened, RECOMMEND, message)) == []


@pytest.mark.parametrize(("path", "kind"), OTHERS.items(), ids=lambda each: str(each)[-16:])
def test_other_methods_never_fail(
    opened: grpc.Channel, oracle: Oracle, path: str, kind: type[Message]
) -> None:
    @settings(max_examples=60)
    @given(message=requests(kind))
    def never_fails(message: bytes) -> None:
        outcome = over_the_wire(opened, path, message)
        assert oracle.complaints_of_other(kind, message, outcome) == []

    never_fails()


@pytest.mark.parametrize("levels", [10, 99, 100, 101, 10_000, 40_000])
def test_deep_nesting_is_no_danger(opened: grpc.Channel, oracle: Oracle, levels: int) -> None:
    message = deeply_nested(levels)
    assert oracle.complaints(message, over_the_wire(opened, RECOMMEND, message)) == []


def test_nothing_was_logged_as_a_failure(server: ServerProcess) -> None:
    assert server.process.poll() is None
    assert server.events("call failed") == []
