"""What a headless Service is for: one name, several addresses, and a client that uses all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rolefit.client import Client
from tests.deploy.conftest import CHECKOUT
from tests.server.processes import ServerProcess

PROFILE = {"temperament": {"first_instinct": "DEPLOY"}}
ADDRESSES = ("127.0.0.1", "127.0.0.2")


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[list[ServerProcess]]:
    """Two servers on one port of two addresses, that answer by rules of different versions."""
    port = "0"
    started: list[ServerProcess] = []
    for number, address in enumerate(ADDRESSES):
        folder = tmp_path / address
        rules = folder / "rules"
        shutil.copytree(CHECKOUT / "rules", rules)
        ruleset = rules / "ruleset.yaml"
        text = ruleset.read_text()
        ruleset.write_text(text.replace("version: 1.0.0", f"version: 1.0.{number}"))
        flags = ("--host", address, "--port", port, "--rules", str(rules), "--workers", "1")
        started.append(ServerProcess(folder, *flags))
        port = str(started[-1].port)
    yield started
    for each in started:
        each.stop()


def test_calls_go_to_every_address_and_outlive_one(pods: list[ServerProcess]) -> None:
    target = "ipv4:" + ",".join(f"{address}:{pods[0].port}" for address in ADDRESSES)
    with Client(target) as client:

        def version() -> str:
            return client.recommend(PROFILE).ruleset.version

        until(lambda: {version() for _ in range(4)} == {"1.0.0", "1.0.1"})
        pods[1].stop()
        assert {version() for _ in range(20)} == {"1.0.0"}


def until(condition: Callable[[], bool]) -> None:
    """A second connection takes its time; in a hundred calls it is there."""
    assert any(condition() for _ in range(25))
