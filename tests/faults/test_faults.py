"""The bundled client loses no call to any fault, and gets no wrong answer."""

from __future__ import annotations

import os

import pytest

from . import wall_clock
from .arena import Arena, Fault, Figures
from .scenarios import BREAKING, OTHERS


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


@pytest.mark.skipif(
    not wall_clock.LIBRARIES and "ROLEFIT_REQUIRE_FAKETIME" not in os.environ,
    reason="libfaketime is not installed",
)
def test_a_clock_that_jumps_changes_no_duration(arena: Arena) -> None:
    figures = wall_clock.wall_clock_jumps(arena)
    nothing_lost(figures)
    assert figures.retried > 0
