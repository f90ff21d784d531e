"""Candidate rules beside the live ones, in real servers."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .decision_logs import RULES, ask, candidate_rules
from .observing import free_port, scrape
from .processes import ServerProcess, alive, children, eventually, run_command

Start = Callable[..., ServerProcess]
CHANGE = "RESEARCH_ENGINEER -> RESEARCH_SCIENTIST"


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return candidate_rules(tmp_path_factory.mktemp("rules") / "candidate")


@pytest.fixture
def shadowed(start: Start, candidate: Path) -> ServerProcess:
    return start("--workers", "1", "--shadow-rules", str(candidate), "--shadow-sample", "1")


def shadow_process(server: ServerProcess) -> int | None:
    found = children(server.process.pid)
    return found[0] if found else None


def end(server: ServerProcess) -> dict[str, Any]:
    """Stop a server with one worker; return what its shadow says at its end."""
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    (line,) = server.events("shadow ends")
    return line


def test_differences_are_counted_and_logged_without_values(
    start: Start, candidate: Path
) -> None:
    http = free_port()
    flags = ("--shadow-rules", str(candidate), "--shadow-sample", "1", "--http-port", str(http))
    shadowed = start("--workers", "1", *flags)
    answers = ask(shadowed.port, 0, 1, 2, 3, 2)
    shadowed.wait_for_events("shadow differs", 2)
    lines = shadowed.events("shadow differs")
    assert [each["decision_id"] for each in lines] == [
        answers[2].decision_id,
        answers[4].decision_id,
    ]
    for line in lines:
        assert (line["live_path"], line["shadow_path"]) == tuple(CHANGE.split(" -> "))
        assert line["live_digest"] == answers[0].ruleset.digest != line["shadow_digest"]
    assert "publications" not in shadowed.stderr
    eventually(
        lambda: sum(scrape(http)["rolefit_shadow_decisions_total"].values()) == 5,
        "a report of all that was compared",
    )
    status = end(shadowed)
    assert status["differing"] == {CHANGE: 2}
    assert (status["compared"], status["dropped"], status["failed"]) == (5, 0, 0)


def test_answers_are_those_of_the_live_rules(
    shadowed: ServerProcess, server: ServerProcess
) -> None:
    papers = [0, 1, 2, 3, 4]
    beside = [each.recommendation for each in ask(shadowed.port, *papers)]
    assert beside == [each.recommendation for each in ask(server.port, *papers)]


def test_a_sample_of_nothing_asks_nobody(start: Start, candidate: Path) -> None:
    server = start("--workers", "1", "--shadow-rules", str(candidate), "--shadow-sample", "0")
    ask(server.port, *[2] * 20)
    status = end(server)
    assert (status["compared"], status["dropped"]) == (0, 0)


def test_the_sample_is_told_by_the_decision_id(start: Start, candidate: Path) -> None:
    flags = ("--shadow-rules", str(candidate), "--shadow-sample", "0.5")
    server = start("--workers", "1", *flags)
    answers = ask(server.port, *[2] * 30)
    chosen = [each.decision_id for each in answers if int(each.decision_id[:8], 16) < 2**31]
    assert 0 < len(chosen) < 30
    server.wait_for_events("shadow differs", len(chosen))
    assert [each["decision_id"] for each in server.events("shadow differs")] == chosen


def test_a_shadow_that_is_killed_comes_back_and_serving_goes_on(
    shadowed: ServerProcess,
) -> None:
    first = shadow_process(shadowed)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert len(ask(shadowed.port, *range(5))) == 5
    eventually(lambda: shadow_process(shadowed) not in (None, first), "another process")

    def compares() -> bool:
        ask(shadowed.port, 2)
        return bool(shadowed.events("shadow differs"))

    eventually(compares, "comparisons by the new process")
    assert len(shadowed.events("shadow process ended")) == 1


def test_a_shadow_that_is_stopped_drops_and_holds_nobody_up(
    shadowed: ServerProcess,
) -> None:
    process = shadow_process(shadowed)
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    assert len(ask(shadowed.port, *[2] * 800)) == 800
    status = end(shadowed)
    assert status["dropped"] + status["compared"] == 800
    assert not alive(process)


def test_a_shadow_ends_with_a_server_that_is_killed(shadowed: ServerProcess) -> None:
    process = shadow_process(shadowed)
    assert process is not None
    shadowed.signal(signal.SIGKILL)
    shadowed.wait()
    eventually(lambda: not alive(process), "the end of the shadow process")


def test_broken_candidates_are_refused_at_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(RULES, broken)
    (broken / "thresholds.yaml").write_text("}")
    done = run_command("serve", "--port", "0", "--workers", "1", "--shadow-rules", str(broken))
    assert done.returncode == 1
    assert done.stderr.startswith("rolefit-server: --shadow-rules: ")
    assert "thresholds.yaml" in done.stderr
    assert done.stderr.count("\n") == 1
