"""How long things take that people wait for: a server's start, the client's import, an answer.

    make bench-start

Each is a process of its own, started anew each round, in turns with a Python that does nothing,
which is what no rolefit can do without. Files are warm, as they are for anyone's second start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.server.processes import COMMAND, ServerProcess, clean_environment

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Once:
    """How long one start took, in milliseconds: by the clock, and of the processor."""

    wall: float
    cpu: float


@dataclass
class Row:
    """A line of the table: `goal` in milliseconds by the clock, 0 for none."""

    name: str
    goal: float
    run: Callable[[], Once]
    runs: list[Once] = field(default_factory=list)


def command(*words: str | Path, codes: Sequence[int] = (0,)) -> Once:
    """A command from its spawn to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    return Once(1000 * took, 1000 * (used.ru_utime + used.ru_stime))


def server() -> Once:
    """A server from its spawn to the first time that it says it serves."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        began = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--workers", "1", "--port-file", port_file],
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
        )
        try:
            wait_until_serving(process, port_file)
            took = time.perf_counter() - began
        finally:
            process.terminate()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    return Once(1000 * took, 1000 * (used.ru_utime + used.ru_stime))


def wait_until_serving(process: subprocess.Popen[bytes], port_file: Path) -> None:
    """Ask the health service, once there is a port to ask at."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not port_file.exists():
        if os.path.exists(f"/proc/{process.pid}") and time.monotonic() < until:
            time.sleep(0.002)
        else:
            sys.exit("the server did not start")
    with grpc.insecure_channel(f"127.0.0.1:{port_file.read_text().strip()}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        while (
            check(
                health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS, wait_for_ready=True
            ).status
            != health_pb2.HealthCheckResponse.SERVING
        ):
            time.sleep(0.002)


def measure(rounds: int, running: ServerProcess) -> list[Row]:
    """All of them by turns."""
    python = Path(sys.executable)
    address = f"127.0.0.1:{running.port}"
    ask = (python.with_name("rolefit"), "recommend", "--server", address)
    rows = [
        Row("bare Python", 0, lambda: command(python, "-c", "pass")),
        Row("import grpc", 0, lambda: command(python, "-c", "import grpc")),
        Row(
            "from rolefit.client import Client",
            150,
            lambda: command(python, "-c", "from rolefit.client import Client"),
        ),
        Row(
            "rolefit recommend, cold",
            400,
            lambda: command(*ask, "--example", "aspiring-scientist", codes=(0, 3)),
        ),
        Row("server, spawn to SERVING", 1500, server),
    ]
    for number in range(rounds + 1):
        for row in rows:
            once = row.run()
            # The first round reads files into memory and compiles them.
            if number:
                row.runs.append(once)
    return rows


def print_table(rows: Sequence[Row]) -> None:
    """Medians, and what is beyond a Python that does nothing."""
    bare = statistics.median(run.wall for run in rows[0].runs)
    print("| what | ms | beyond bare Python | ms of CPU | goal |")
    print("|---|--:|--:|--:|---|")
    for row in rows:
        wall = statistics.median(run.wall for run in row.runs)
        cpu = statistics.median(run.cpu for run in row.runs)
        goal = f"{row.goal:.0f}, {'met' if wall < row.goal else 'missed'}" if row.goal else ""
        print(f"| {row.name} | {wall:.0f} | {wall - bare:.0f} | {cpu:.0f} | {goal} |")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        running = ServerProcess(Path(folder), "--workers", "1")
        try:
            print_table(measure(rounds, running))
        finally:
            running.stop()


if __name__ == "__main__":
    main()
