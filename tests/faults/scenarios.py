"""Every fault there is, for the tests and for `bench.faults`."""

from __future__ import annotations

from . import crowds, deaths, disks, hostile_bytes, slow_clients, upkeep, wall_clock
from .arena import Fault

# Faults that always cut calls off, so that these have to be tried again.
BREAKING: tuple[Fault, ...] = (deaths.worker_killed,)
OTHERS: tuple[Fault, ...] = (
    hostile_bytes.undecodable_paths,
    deaths.supervisor_killed,
    deaths.server_terminated,
    slow_clients.idle_connections,
    slow_clients.half_sent_headers,
    slow_clients.half_sent_messages,
    crowds.concurrent_calls,
    crowds.impatient_callers,
    hostile_bytes.garbage_and_cut_frames,
    hostile_bytes.other_protocols,
    hostile_bytes.oversized_and_nested,
    hostile_bytes.rapid_reset,
    hostile_bytes.floods,
    upkeep.workers_restarted,
    upkeep.rules_replaced,
    disks.disk_full,
)
# Where libfaketime is installed.
CLOCK: tuple[Fault, ...] = (wall_clock.wall_clock_jumps,) if wall_clock.LIBRARIES else ()
