"""Several workers and the process that looks after them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from .admin import admin_of
from .calls import EMPTY, channel, code, reason, send
from .processes import ServerProcess, alive, children, eventually
from .test_shutdown import QUICK, Load

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
    assert line["after_seconds"] == 0
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert len(server.events("stopped")) == 1


def test_only_deaths_in_a_row_make_a_replacement_wait(start: Start) -> None:
    server = start("--workers", "2")
    ended = "worker ended; another takes its place"
    victim = server.worker_pids[0]
    for count in (1, 2, 3):
        os.kill(victim, signal.SIGSEGV)
        server.wait_for_events("worker serving", count)
        victim = server.events("worker serving")[-1]["worker_pid"]
    assert [line["ended"] for line in server.events(ended)] == ["signal SIGSEGV"] * 3
    pauses = [line["after_seconds"] for line in server.events(ended)]
    assert pauses[0] == 0
    assert pauses[1] < pauses[2]


def test_a_worker_that_hangs_is_killed_and_replaced(start: Start) -> None:
    server = start("--workers", "2", "--hang-seconds", "4")
    victim = server.worker_pids[0]
    os.kill(victim, signal.SIGSTOP)
    server.wait_for_events("worker hangs and is killed", 1)
    server.wait_for_events("worker serving", 1)
    killed = server.events("worker hangs and is killed")
    assert {line["worker_pid"] for line in killed} == {victim}
    assert not alive(victim)
    assert answers(server)


def test_no_worker_is_killed_when_it_was_the_supervisor_that_stood_still(
    start: Start,
) -> None:
    server = start("--workers", "2", "--hang-seconds", "3")
    workers = server.worker_pids
    server.signal(signal.SIGSTOP)
    time.sleep(5.0)  # the fault itself: longer than the limit
    server.signal(signal.SIGCONT)
    server.signal(signal.SIGHUP)
    server.wait_for_events("rules checked; they are those that serve", 1)
    assert server.events("worker hangs and is killed") == []
    assert children(server.process.pid)[:2] == workers


def test_workers_are_replaced_one_after_another_without_losing_a_call(start: Start) -> None:
    server = start("--workers", "2", *QUICK)
    with Load(server.port, threads=2) as load:
        server.signal(signal.SIGUSR1)
        server.wait_for_events("workers restarted", 1)
        load.more(50)
    assert load.failures == []
    replaced = server.events("worker replaced")
    assert [line["worker_pid"] for line in replaced] == server.worker_pids
    assert not any(alive(pid) for pid in server.worker_pids)
    new = {line["new_worker_pid"] for line in replaced}
    assert new == set(children(server.process.pid))
    assert server.events("worker ended; another takes its place") == []


def test_the_admin_service_restarts_workers(start: Start) -> None:
    server = start("--workers", "2", "--admin-port", "0", *QUICK)
    with admin_of(server) as admin:
        before = [worker.pid for worker in admin.status().workers]
        assert before == server.worker_pids
        after = admin.restart()
        assert len(after) == 2
        assert not set(after) & set(before)
    assert answers(server)


def test_an_only_worker_cannot_be_restarted(start: Start) -> None:
    server = start("--workers", "1", "--admin-port", "0")
    with admin_of(server) as admin, pytest.raises(grpc.RpcError) as caught:
        admin.restart()
    assert code(caught.value) == grpc.StatusCode.FAILED_PRECONDITION
    assert reason(caught.value) == "CANNOT_RESTART"
    server.signal(signal.SIGUSR1)
    server.wait_for_events("no restart", 1)
    assert answers(server)


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
        count = 0
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                count += os.readlink(each).startswith("socket:")
        return count

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
