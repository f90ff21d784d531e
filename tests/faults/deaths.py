"""Processes of a server that die under load."""

from __future__ import annotations

import os
import signal

from tests.server.processes import ServerProcess

from .arena import Arena, Figures, figures
from .load import now

_ANSWERS_BETWEEN = 150
_QUICK = ("--lame-duck-seconds", "0.2", "--drain-seconds", "0.5")


def worker_killed(arena: Arena) -> Figures:
    """`kill -9` of a worker, each in turn."""
    server = arena.start("--workers", "2")
    faults = []
    with arena.load(server, connections=8) as load:
        workers = server.worker_pids
        # Each death makes the supervisor wait longer, up to 5 s: not ten times as many.
        for number in range(2 + 2 * arena.scale):
            faults.append(now())
            os.kill(workers.pop(0), signal.SIGKILL)
            server.wait_for_events("worker serving", number + 1)
            workers.append(server.events("worker serving")[-1]["worker_pid"])
            load.more(_ANSWERS_BETWEEN)
    assert len(server.events("worker ended; another takes its place")) == len(faults)
    return figures(load, faults)


def supervisor_killed(arena: Arena) -> Figures:
    """`kill -9` of the supervisor; a new server takes the port."""
    return _replaced(arena, signal.SIGKILL)


def server_terminated(arena: Arena) -> Figures:
    """SIGTERM of the server; a new one takes the port."""
    return _replaced(arena, signal.SIGTERM)


def _replaced(arena: Arena, number: signal.Signals) -> Figures:
    server: ServerProcess = arena.start("--workers", "2", *_QUICK)
    faults = []
    # A client that finds no server waits longer before each next try to connect: one that was
    # unlucky at every restart may take some more seconds.
    with arena.load(server, wait_for_ready=True, timeout=60.0) as load:
        for _ in range(2 * arena.scale):
            faults.append(now())
            server.signal(number)
            server.wait()
            server = arena.restart(server, "--workers", "2", *_QUICK)
            load.more(_ANSWERS_BETWEEN)
    return figures(load, faults)
