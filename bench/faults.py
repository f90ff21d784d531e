"""Runs every fault of `tests/faults` at ten times the load, and prints what came of the calls.

    python -m bench.faults [--scale 10] [--only worker_killed]

The table is that of docs/reliability.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rolefit.engine import Engine, load_ruleset
from tests.faults import cases
from tests.faults.arena import Arena, Figures
from tests.faults.scenarios import BREAKING, CLOCK, OTHERS

_DISTINCT_PROFILES = 1_000
_COLUMNS = ("Fault", "Load", "Sent", "Answered", "Retried", "Told to wait", "Wrong", "Lost")


def row(name: str, figures: Figures) -> str:
    """A row of the table, in Markdown."""
    recovery = "" if figures.recovery is None else f"{figures.recovery:.2f} s"
    numbers = (
        figures.sent,
        figures.answered,
        figures.retried,
        figures.refused,
        figures.wrong,
        figures.lost,
    )
    cells = (name, figures.load, *(f"{each:,}" for each in numbers))
    return f"| {' | '.join(cells)} | {recovery} | {figures.longest:.2f} s |"


def main() -> int:
    """Runs from the command line; the exit code is 1 if a call was lost or answered wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "cases.json"
        with Engine(load_ruleset()) as engine:
            cases.write(path, _DISTINCT_PROFILES, engine)
        print(f"| {' | '.join(_COLUMNS)} | Recovered within | Longest call |")
        print(f"|{'---|' * (len(_COLUMNS) + 2)}", flush=True)
        for fault in (*BREAKING, *OTHERS, *CLOCK):
            if options.only and fault.__name__ not in options.only:
                continue
            with Arena(path, options.scale) as arena:
                figures = fault(arena)
            print(row(fault.__name__.replace("_", " "), figures), flush=True)
            for failure in figures.failures:
                print(f"LOST: {failure}")
            bad += figures.lost + figures.wrong
    return bool(bad)


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.exit(main())
