"""A disk without room for the decision log."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

from tests.server.decision_logs import limit_file_size
from tests.server.processes import run_command

from .arena import Arena, Figures, figures
from .load import now

_ANSWERS_WHILE_FULL = 300
# More than the server's own log takes, which is a file too.
_ROOM_BYTES = 200_000
_FULL, _WRITTEN = "decision log cannot be written", "decision log is written again"


def disk_full(arena: Arena) -> Figures:
    """The decision log finds no room, until it does again: what it holds and what it says it
    lost must be all that was answered."""
    log = arena.folder / "log"
    server = arena.start(
        "--workers", "2", "--decision-log", str(log), "--decision-log-queue", "10"
    )
    faults = []
    with arena.load(server, connections=8) as load:
        for number in range(1, 1 + 2 * arena.scale):
            faults.append(now())
            for pid in server.worker_pids:
                limit_file_size(pid, number * _ROOM_BYTES)
            full = len(server.events(_FULL)) + 1
            while len(server.events(_FULL)) < full:
                load.more(_ANSWERS_WHILE_FULL)
            load.more(_ANSWERS_WHILE_FULL)
            for pid in server.worker_pids:
                limit_file_size(pid, resource.RLIM_INFINITY)
            server.wait_for_events(_WRITTEN, len(server.events(_FULL)))
    server.signal(signal.SIGINT)
    assert server.wait() == 0, server.stderr
    held, lost = _counts(log)
    assert lost > 0
    assert held + lost == load.report.answered
    return figures(load, faults)


def _counts(log: Path) -> tuple[int, int]:
    """Decisions that a log holds, and those it says are missing."""
    done = run_command("log", "verify", "--json", str(log))
    assert done.returncode == 0, done.stdout + done.stderr
    chains = json.loads(done.stdout)["chains"]
    return sum(each["decisions"] for each in chains), sum(each["lost"] for each in chains)
