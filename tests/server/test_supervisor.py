"""Several workers and the process that looks after them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .calls import EMPTY, channel, send
from .processes import ServerProcess, alive, children, eventually

Start = Callable[..., ServerProcess]


def answers(server: ServerProcess) -> bool:
    with channel(server.port, retrying=True) as opened:
        return send(opened, EMPTY).HasField("recommendation")


def test_a_worker_that_is_killed_is_replaced(start: Start) -> None:
    server = start("--workers", "2")
    victim, other = server.worker_pids
    os.kill(victim, signal.SIGKILL)

    def replaced() -> bool:
        now = children(server.process.pid)
        return len(now) == 2 and other in now and victim not in now

    eventually(replaced, "a replacement")
    assert answers(server)
    (line,) = server.events("worker ended; another takes its place")
    assert (line["worker_pid"], line["ended"]) == (victim, "signal SIGKILL")
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert len(server.events("stopped")) == 1


def test_workers_do_not_outlive_a_supervisor_that_is_killed(start: Start) -> None:
    server = start("--workers", "2", "--drain-seconds", "86400")
    workers = server.worker_pids
    with channel(server.port) as opened:
        send(opened, EMPTY)
        server.signal(signal.SIGKILL)
        server.wait()
        eventually(lambda: not any(map(alive, workers)), "the end of the workers")


def test_the_supervisor_never_imports_grpc(pair: ServerProcess) -> None:
    assert answers(pair)
    assert "cygrpc" not in Path(f"/proc/{pair.process.pid}/maps").read_text()
    assert "cygrpc" in Path(f"/proc/{pair.worker_pids[0]}/maps").read_text()


def test_its_modules_import_no_grpc() -> None:
    code = (
        "import sys, rolefit.server.__main__, rolefit.server.supervisor; "
        "sys.exit('grpc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_workers_share_the_port(pair: ServerProcess) -> None:

    def connections(pid: int) -> int:
        return sum(
            os.readlink(each).startswith("socket:")
            for each in Path(f"/proc/{pid}/fd").iterdir()
            if each.is_symlink()
        )

    before = {pid: connections(pid) for pid in pair.worker_pids}
    held: list[socket.socket] = []

    def both_took_one() -> bool:
        held.append(socket.create_connection(("127.0.0.1", pair.port)))
        return all(connections(pid) > before[pid] for pid in before)

    try:
        eventually(both_took_one, "a connection to each worker")
    finally:
        for each in held:
            each.close()


def test_a_line_at_the_start_says_what_serves(
    server: ServerProcess, pair: ServerProcess
) -> None:
    for workers, each in enumerate((server, pair), start=1):
        each.wait_for_events("serving", 1)
        (line,) = each.events("serving")
        assert line["host"] == "127.0.0.1"
        assert line["port"] == each.port
        assert line["workers"] == workers
        assert line["pid"] == each.process.pid
        assert line["ruleset"]
        assert line["ruleset_version"]
        assert line["ruleset_digest"].startswith("sha256:")
