"""A wall clock that jumps under a running server."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.server.processes import children

from .arena import Arena, Figures, figures
from .load import now

# Debian's package libfaketime. The library for programs with threads.
LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
_JUMPS = ("-1h", "+1d", "-30d", "+0")


def wall_clock_jumps(arena: Arena) -> Figures:
    """The clock an hour back, a day ahead, 30 days back and right again; a worker is killed
    meanwhile, so that pauses and deadlines are measured across a jump."""
    offset = arena.folder / "offset"
    offset.write_text("+0")
    server = arena.start(
        *("--workers", "2"),
        # Only what the wall clock says is faked, as when someone sets the date: the
        # monotonic clock of a machine never jumps.
        LD_PRELOAD=str(LIBRARIES[0]),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        FAKETIME_NO_CACHE="1",
    )
    faults = []
    with arena.load(server, connections=8) as load:
        for number, jump in enumerate(_JUMPS * min(arena.scale, 3), start=1):
            faults.append(now())
            offset.write_text(jump)
            load.more(50)
            os.kill(children(server.process.pid)[0], signal.SIGKILL)
            server.wait_for_events("worker serving", number)
            load.more(50)
    lines = server.events("worker serving")
    days = {line["timestamp"][:10] for line in lines}
    assert len(days) >= 3, f"the clock did not jump: {days}"
    return figures(load, faults)
