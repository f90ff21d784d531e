"""How close rolefit comes to gRPC alone: throughput, CPU per call, latency at half load.

    make bench

Rounds of both servers take turns in one run, each server on core 0 with one worker, the load
generator on core 1. Medians of the rounds; no request is sent twice to a server, but where the
table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.people import requests
from tests.server.processes import ServerProcess

ROOT = Path(__file__).parent.parent
LOAD = ROOT / "bench" / "load"
# Calls in flight.
IN_FLIGHT = 32
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

    def run(
        self,
        port: int,
        pids: list[int],
        calls: int,
        rate: float,
        first: int,
        cores: str,
        connections: int = 4,
    ) -> Round:
        """Send that many calls, as fast as they are answered or at a rate per second.

        Args:
            port: The server's.
            pids: Its processes, whose time is taken.
            calls: How many.
            rate: Calls begun per second; 0 for as fast as they are answered.
            first: Which request to begin with.
            cores: Where the load runs.
            connections: Over how many; they share the calls in flight.
        """
        before = sum(map(cpu_seconds, pids))
        done = subprocess.run(
            [
                *("taskset", "-c", cores, self._binary),
                *("-target", f"127.0.0.1:{port}", "-requests", self._file),
                *("-connections", str(connections)),
                *("-in-flight", str(max(1, IN_FLIGHT // connections))),
                *("-calls", str(calls), "-rate", str(rate), "-offset", str(first)),
            ],
            check=True,
            stdout=subprocess.PIPE,  # not stderr: why a call failed is to be seen
            env={**os.environ, "GOMAXPROCS": "1"},
        )
        report = json.loads(done.stdout)
        cpu = (sum(map(cpu_seconds, pids)) - before) / calls * 1e6
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
    parser.add_argument("--people", type=int, default=20_000, help="different ones in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=60_000, help="calls before the rounds")
    arguments = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("make bench needs two cores: one for the server, one for the load")
    count, rounds = arguments.people, arguments.rounds
    calm = count // 4
    in_all = COLD + arguments.warm_up + rounds * (count + calm) + count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = Load(folder, requests(in_all))
        rolefit = ServerProcess(folder, "--workers", "1")
        os.sched_setaffinity(rolefit.process.pid, {0})
        limit, limit_port = start_limit(folder, ANSWER_BYTES)
        try:
            our = Target(load, rolefit.port, [rolefit.process.pid])
            their = Target(load, limit_port, [limit.pid])
            measure(our, their, count, rounds, arguments.warm_up)
        finally:
            rolefit.process.kill()
        try:
            two_workers(load, folder, count)
        finally:
            limit.kill()


# Connections that the kernel divides about evenly between two workers.
MANY = 128
# First calls to a server that has answered nobody.
COLD = 500
# What the limit server answers: the mean of ours over these people.
ANSWER_BYTES = 7_950


class Target:
    """A server under load, which gets people it has not seen, one after another."""

    def __init__(self, load: Load, port: int, pids: list[int]):
        self._load = load
        self._port = port
        self._pids = pids
        self.next = 0

    def run(self, calls: int, rate: float = 0.0, cores: str = "1") -> Round:
        """That many calls, as fast as they are answered or at a rate per second."""
        first, self.next = self.next, self.next + calls
        return self._load.run(self._port, self._pids, calls, rate, first, cores)


def measure(our: Target, their: Target, count: int, rounds: int, warm_up: int) -> None:
    """Print rounds of both servers by turns, and the ratios of their medians."""
    their.run(COLD)
    least = their.run(COLD)
    cold = our.run(COLD)
    show("limit", least)
    show("rolefit, first calls", cold)
    show("rolefit, warming up", our.run(warm_up))
    their.run(count)
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(their.run(count))
        ours.append(our.run(count))
        show("limit", theirs[-1])
        show("rolefit, new people", ours[-1])
    half = [median(each, "calls_per_second") / 2 for each in (ours, theirs)]
    our_calm, their_calm = [], []
    for _ in range(rounds):
        their_calm.append(their.run(count // 4, half[1]))
        our_calm.append(our.run(count // 4, half[0]))
        show("limit, half load", their_calm[-1])
        show("rolefit, half load", our_calm[-1])
    our.next -= count // 4
    again = our.run(count // 4)
    show("rolefit, the same again", again)
    rate, top = (median(each, "calls_per_second") for each in (ours, theirs))
    cpu, floor = (median(each, "cpu_us") for each in (ours, theirs))
    tail, shortest = (median(each, "p99_ms") for each in (our_calm, their_calm))
    print(f"throughput: {rate / top:.2f} of the limit's")
    print(f"CPU beyond the limit's: {cpu - floor:.0f} us a call")
    print(f"... of the first {COLD} calls: {cold.cpu_us - floor:.0f} us")
    print(f"... of people answered before: {again.cpu_us - floor:.0f} us")
    print(f"p99, each at half of its own throughput: {tail / shortest:.2f} times the limit's")


def two_workers(load: Load, folder: Path, count: int) -> None:
    """Print what two workers come to, by the processor time that each of them uses.

    With two cores the load has none of its own, so throughput would measure the load too.
    What two free cores would carry is as many calls as use up the busier worker's time. The
    kernel deals out connections by chance, so there are many.
    """
    inner = folder / "two"
    inner.mkdir()
    carried = []
    for workers in (1, 2):
        (at := inner / str(workers)).mkdir()
        server = ServerProcess(at, "--workers", str(workers))
        pids = server.worker_pids if workers > 1 else [server.process.pid]
        try:
            # Each worker has to learn for itself.
            load.run(server.port, pids, workers * count, 0.0, 0, "0,1", MANY)
            before = [cpu_seconds(pid) for pid in pids]
            load.run(server.port, pids, count, 0.0, workers * count, "0,1", MANY)
            used = [cpu_seconds(pid) - old for pid, old in zip(pids, before, strict=True)]
            carried.append(count / max(used))
        finally:
            server.stop()
        shares = ", ".join(f"{each:.1f} s" for each in used)
        print(f"{workers} worker(s): {count} calls took {shares} of processor time")
    print(f"two workers carry {carried[1] / carried[0]:.2f} times what one does")


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


if __name__ == "__main__":
    main()
