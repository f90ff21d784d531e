"""What a headless Service is for: one name, several addresses, and a client that uses all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.client import Client
from tests.server.processes import PATIENCE_SECONDS, ServerProcess, eventually
from tests.server.rule_folders import RulesFolder

PROFILE = {"temperament": {"first_instinct": "DEPLOY"}}
ADDRESSES = ("127.0.0.1", "127.0.0.2")


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[list[ServerProcess]]:
    """Two servers on one port of two addresses, that answer by rules of different versions."""
    port = "0"
    started: list[ServerProcess] = []
    for number, address in enumerate(ADDRESSES):
        folder = tmp_path / address
        rules = RulesFolder(folder)
        rules.release(f"1.0.{number}")
        flags = (
            "--host",
            address,
            "--port",
            port,
            "--rules",
            str(rules.path),
            "--workers",
            "1",
        )
        started.append(ServerProcess(folder, *flags))
        port = str(started[-1].port)
    yield started
    for each in started:
        each.stop()


def test_calls_go_to_every_address_and_outlive_one(pods: list[ServerProcess]) -> None:
    target = "ipv4:" + ",".join(f"{address}:{pods[0].port}" for address in ADDRESSES)
    with Client(target, timeout=PATIENCE_SECONDS) as client:

        def version() -> str:
            return client.recommend(PROFILE).ruleset.version

        both = {"1.0.0", "1.0.1"}
        eventually(lambda: {version() for _ in range(4)} == both, "answers of both")
        pods[1].stop()
        assert {version() for _ in range(20)} == {"1.0.0"}
