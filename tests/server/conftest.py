"""A server for the tests that need nothing special, and a factory for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from .calls import channel
from .processes import ServerProcess


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with two workers, for tests that leave them alone."""
    started = ServerProcess(tmp_path_factory.mktemp("pair"), "--workers", "2")
    yield started
    started.stop()


@pytest.fixture
def opened(server: ServerProcess) -> Iterator[grpc.Channel]:
    with channel(server.port) as each:
        yield each


@pytest.fixture
def start(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., ServerProcess]]:
    started: list[ServerProcess] = []

    def start_one(*flags: str, **environment: str) -> ServerProcess:
        folder: Path = tmp_path_factory.mktemp("server")
        started.append(ServerProcess(folder, *flags, environment=environment))
        return started[-1]

    yield start_one
    for each in started:
        each.stop()
