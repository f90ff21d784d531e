"""Whether a server's memory grows with the calls it answers.

    make bench-memory

Sends a million different people to one worker, a tenth at a time, and prints its memory after
each tenth, and how much it grew from the first to the last.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.people import requests
from bench.throughput import Load, show
from tests.server.processes import ServerProcess

PARTS = 10


def resident_megabytes(pid: int) -> float:
    """Memory of a process that is in RAM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000, help="in all")
    calls = parser.parse_args().calls // PARTS
    held = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = ServerProcess(folder, "--workers", "1")
        try:
            for part in range(PARTS):
                load = Load(folder, requests(calls, seed=part))
                of = load.run(server.port, [server.process.pid], calls, 0.0, 0, "0,1")
                held.append(resident_megabytes(server.process.pid))
                show(f"{(part + 1) * calls:9,} calls", of)
                print(f"{'':28}{held[-1]:8.1f} MB", flush=True)
        finally:
            server.stop()
    growth = held[-1] / held[0] - 1
    print(f"from {calls:,} to {PARTS * calls:,} calls: {growth:+.1%}")


if __name__ == "__main__":
    main()
