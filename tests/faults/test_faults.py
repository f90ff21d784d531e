"""The bundled client loses no call to any fault, and gets no wrong answer."""

from __future__ import annotations

import pytest

from . import crowds, deaths, hostile_bytes, slow_clients
from .arena import Arena, Fault, Figures

# Faults that cut off calls, so that these have to be tried again.
BREAKING: tuple[Fault, ...] = (deaths.worker_killed,)
OTHERS: tuple[Fault, ...] = (
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
)


def nothing_lost(figures: Figures) -> None:
    assert figures.failures == ()
    assert (figures.lost, figures.wrong) == (0, 0)
    assert figures.answered == figures.sent > 100


@pytest.mark.parametrize("fault", BREAKING, ids=lambda fault: fault.__name__)
def test_calls_cut_off_are_tried_again(arena: Arena, fault: Fault) -> None:
    figures = fault(arena)
    nothing_lost(figures)
    assert figures.retried > 0


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault.__name__)
def test_calls_beside_a_fault_are_answered(arena: Arena, fault: Fault) -> None:
    nothing_lost(fault(arena))
