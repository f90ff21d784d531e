"""What the decision log and the shadow say of themselves, for metrics."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.engine import Engine, load_ruleset
from rolefit.server.call import Call
from rolefit.server.config import ServerConfig
from rolefit.server.recording import Recording
from rolefit.server.shadow import Shadow
from rolefit.server.snapshot import Decision, Snapshot

from .decision_logs import candidate_rules, decisions, log_files, person
from .processes import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def snapshot() -> Iterator[Snapshot]:
    with Engine(load_ruleset()) as engine:
        yield Snapshot.of(engine)


def decide(snapshot: Snapshot, papers: int) -> Decision:
    call = Call("Recommend", os.urandom(16).hex())
    engine = snapshot.engine
    return Decision(call, snapshot, engine.answer(engine.observe(person(papers))))


async def _until_compared(shadow: Shadow, count: int) -> None:
    while shadow.status().compared < count:
        await asyncio.sleep(0.01)


def test_nothing_watches_unless_asked_for() -> None:
    async def check() -> None:
        recording = await Recording.start(ServerConfig())
        assert recording.watchers == ()
        await recording.close()

    asyncio.run(check())


def test_the_log_counts_what_it_wrote_and_lost(snapshot: Snapshot, tmp_path: Path) -> None:
    async def check() -> None:
        config = ServerConfig(decision_log=tmp_path, decision_log_queue=10)
        recording = await Recording.start(config)
        log = recording.log
        assert log is not None
        made = decide(snapshot, 1)
        for _ in range(5_000):  # the thread cannot keep up with that
            log.decided(made)
        await recording.close()
        status = log.status()
        assert status.written + status.lost == 5_000
        assert status.lost > 0
        assert status.waiting == 0
        assert status.last_error == "the queue is full"
        assert status.written == len(decisions(tmp_path))
        assert status.bytes == sum(file.stat().st_size for file in log_files(tmp_path))

    asyncio.run(check())


def test_the_shadow_counts_what_it_compared(snapshot: Snapshot, tmp_path: Path) -> None:
    async def check() -> None:
        rules = candidate_rules(tmp_path / "candidate")
        recording = await Recording.start(ServerConfig(shadow_rules=rules, shadow_sample=1))
        shadow = recording.shadow
        assert shadow is not None
        for papers in (0, 1, 2, 2, 3):
            shadow.decided(decide(snapshot, papers))
        compared = asyncio.ensure_future(_until_compared(shadow, 5))
        await asyncio.wait_for(compared, PATIENCE_SECONDS)
        await recording.close()
        status = shadow.status()
        assert status.differing == {("RESEARCH_ENGINEER", "RESEARCH_SCIENTIST"): 2}
        assert (status.compared, status.dropped, status.failed) == (5, 0, 0)
        assert status.digest == load_ruleset(rules).digest

    asyncio.run(check())
