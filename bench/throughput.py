"""How close rolefit comes to gRPC alone: throughput, CPU per call, latency at half load.

    make bench

Rounds of both servers take turns in one run, each server on core 0 with one worker, the load
generator on core 1. Medians of the rounds; every request of a round is a different one.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.people import requests
from tests.server.processes import ServerProcess

ROOT = Path(__file__).parent.parent
LOAD = ROOT / "bench" / "load"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Round:
    """What one round came to; times in microseconds or milliseconds as named."""

    calls_per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    answer_bytes: float
    errors: int


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Load:
    """The load generator with its file of requests."""

    def __init__(self, folder: Path, people: list[bytes]):
        self._binary = folder / "load"
        self._file = folder / "requests"
        subprocess.run(["go", "build", "-o", self._binary, "."], cwd=LOAD, check=True)
        self._file.write_bytes(b"".join(struct.pack(">I", len(p)) + p for p in people))

    def run(self, port: int, pid: int, calls: int, rate: float = 0.0) -> Round:
        """Send that many calls, as fast as they are answered or at a rate per second."""
        before = cpu_seconds(pid)
        done = subprocess.run(
            [
                *("taskset", "-c", "1", self._binary),
                *("-target", f"127.0.0.1:{port}", "-requests", self._file),
                *("-calls", str(calls), "-rate", str(rate)),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, "GOMAXPROCS": "1"},
        )
        report = json.loads(done.stdout)
        cpu = (cpu_seconds(pid) - before) / calls * 1e6
        return Round(
            report["calls_per_second"],
            cpu,
            report["p50_ms"],
            report["p99_ms"],
            report["answer_bytes"],
            report["errors"],
        )


def start_limit(folder: Path, answer_bytes: int) -> tuple[subprocess.Popen[bytes], int]:
    """The limit server and its port."""
    port_file = folder / "limit_port"
    command = ["taskset", "-c", "0", sys.executable, "-m", "bench.limit_server"]
    process = subprocess.Popen([*command, port_file, str(answer_bytes)], cwd=ROOT)
    while not port_file.exists() or not port_file.read_text():
        time.sleep(0.05)
    return process, int(port_file.read_text())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000, help="different requests")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("make bench needs two cores: one for the server, one for the load")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = Load(folder, requests(arguments.people))
        rolefit = ServerProcess(folder, "--workers", "1")
        os.sched_setaffinity(rolefit.process.pid, {0})
        try:
            measure(load, rolefit, folder, arguments.people, arguments.rounds)
        finally:
            rolefit.process.kill()


def measure(load: Load, rolefit: ServerProcess, folder: Path, calls: int, rounds: int) -> None:
    """Print rounds of both servers, and the ratios of their medians."""
    our = functools.partial(load.run, rolefit.port, rolefit.process.pid)
    first = our(calls)
    show("rolefit, every profile new", first)
    limit, limit_port = start_limit(folder, round(first.answer_bytes))
    try:
        their = functools.partial(load.run, limit_port, limit.pid)
        their(calls)
        fast = take_turns(our, their, calls, rounds, 0.0, 0.0)
        rates = [median(each, "calls_per_second") / 2 for each in fast]
        calm = take_turns(our, their, calls // 4, rounds, *rates)
    finally:
        limit.kill()
    print_ratios(fast, calm)


Run = Callable[..., Round]
Rounds = tuple[list[Round], list[Round]]


def take_turns(
    our: Run, their: Run, calls: int, rounds: int, our_rate: float, their_rate: float
) -> Rounds:
    """Rounds of both servers by turns, at a rate each; 0 for as fast as they can."""
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(their(calls, their_rate))
        ours.append(our(calls, our_rate))
        show("limit", theirs[-1])
        show("rolefit", ours[-1])
    return ours, theirs


def median(rounds: list[Round], what: str) -> float:
    """The median of one figure."""
    return float(statistics.median(getattr(each, what) for each in rounds))


def show(name: str, of: Round) -> None:
    """Print one round."""
    print(
        f"{name:28}{of.calls_per_second:8.0f} calls/s{of.cpu_us:7.0f} us CPU"
        f"{of.p50_ms:8.2f} ms p50{of.p99_ms:8.2f} ms p99{of.answer_bytes:7.0f} B"
        f"{of.errors:4} errors",
        flush=True,
    )


def print_ratios(fast: Rounds, calm: Rounds) -> None:
    """What the rounds come to, as ratios to the limit."""
    rate, top = (median(each, "calls_per_second") for each in fast)
    cpu, least = (median(each, "cpu_us") for each in fast)
    tail, shortest = (median(each, "p99_ms") for each in calm)
    print(f"throughput: {rate / top:.2f} of the limit's")
    print(f"CPU beyond the limit's: {cpu - least:.0f} us a call")
    print(f"p99, each at half of its own throughput: {tail / shortest:.2f} times the limit's")


if __name__ == "__main__":
    main()
