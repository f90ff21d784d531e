"""The bundled client asks for rules that a reload has replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rolefit.client import Client, InvalidRequest, RulesetNotHeld
from tests.server.admin import admin_of
from tests.server.processes import ServerProcess
from tests.server.rule_folders import RulesFolder

METHODS: dict[str, Callable[..., Any]] = {
    "recommend": lambda client, **named: client.recommend({}, **named),
    "prepare": lambda client, **named: client.prepare({}, **named),
    "compare": lambda client, **named: client.compare({}, {"level": "MID"}, **named),
    "find_changes": lambda client, **named: client.find_changes({}, "ML_ENGINEER", **named),
}


@pytest.fixture
def folder(tmp_path: Path) -> RulesFolder:
    return RulesFolder(tmp_path)


@pytest.fixture
def server(tmp_path: Path, folder: RulesFolder) -> Iterator[ServerProcess]:
    flags = ("--rules-poll-seconds", "0", "--admin-port", "0", "--rules-held", "2")
    started = ServerProcess(tmp_path, "--workers", "1", "--rules", str(folder.path), *flags)
    yield started
    started.stop()


def test_answers_by_the_rules_named_while_they_are_held(
    server: ServerProcess, folder: RulesFolder
) -> None:
    with Client(f"localhost:{server.port}", timeout=20) as client, admin_of(server) as admin:
        first = client.recommend({}).ruleset
        folder.release("2.0.0")
        admin.reload()
        for ask in METHODS.values():
            assert ask(client).ruleset.version == "2.0.0"
            assert ask(client, ruleset_digest=first.digest).ruleset == first
        folder.release("3.0.0")
        admin.reload()
        for ask in METHODS.values():
            with pytest.raises(RulesetNotHeld, match="is not held; held are sha256:"):
                ask(client, ruleset_digest=first.digest)
            with pytest.raises(InvalidRequest, match="ruleset_digest"):
                ask(client, ruleset_digest="latest")
