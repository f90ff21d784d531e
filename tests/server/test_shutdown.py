"""Stopping under load."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from .calls import EMPTY, METHOD, channel, send
from .processes import ServerProcess, alive, eventually

Start = Callable[..., ServerProcess]
QUICK = ("--lame-duck-seconds", "0.2", "--drain-seconds", "0.3")


class Load:
    """Threads that call without pause, each over a retrying channel of its own."""

    def __init__(self, *ports: int, threads: int = 4) -> None:
        self._ports = ports
        self._done = threading.Event()
        self.answered = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._call) for _ in range(threads)]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        self.more(50)
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for each in self._threads:
            each.join()

    def more(self, calls: int) -> None:
        """Waits until that many more calls have been answered."""
        wanted = self.answered + calls
        eventually(lambda: self.answered >= wanted or self.failures, "more answers")

    def _call(self) -> None:
        with channel(*self._ports, retrying=True) as opened:
            call: Any = opened.unary_unary(METHOD)
            while not self._done.is_set():
                batch = [call.future(EMPTY, timeout=20) for _ in range(4)]
                for each in batch:
                    try:
                        each.result()
                        self.answered += 1
                    except grpc.RpcError as error:
                        self.failures.append(str(error))


def test_sigterm_under_load_loses_no_call_of_a_retrying_client(start: Start) -> None:
    leaving = start("--workers", "1", *QUICK)
    staying = start("--workers", "1")
    with Load(leaving.port, staying.port) as load:
        leaving.signal(signal.SIGTERM)
        assert leaving.wait() == 0
        load.more(50)
    assert load.failures == []
    assert len(leaving.events("stopped")) == 1


def test_a_worker_can_be_replaced_under_load(start: Start) -> None:
    server = start("--workers", "2", *QUICK)
    with Load(server.port) as load:
        os.kill(server.worker_pids[0], signal.SIGTERM)
        server.wait_for_events("worker serving", 1)
        load.more(50)
    assert load.failures == []
    (line,) = server.events("worker ended; another takes its place")
    assert line["ended"] == "exit code 0"


def test_a_whole_server_stops_on_sigterm_under_load(start: Start) -> None:
    server = start("--workers", "2", *QUICK)
    workers = server.worker_pids
    with Load(server.port) as load:
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    # Once it is gone, calls fail, and nothing tells those from calls it dropped: that none
    # is dropped is what the two tests above show, where somebody else answers the rest.
    assert all("UNAVAILABLE" in failure for failure in load.failures)
    assert not any(alive(pid) for pid in workers)
    assert not server.port_file.exists()


def test_an_open_connection_is_served_until_the_drain_time_ends(start: Start) -> None:
    server = start("--workers", "1", "--lame-duck-seconds", "0", "--drain-seconds", "600")
    with channel(server.port) as opened:
        send(opened, EMPTY)
        server.signal(signal.SIGTERM)
        eventually(lambda: not _accepts(server.port), "the end of listening")
        send(opened, EMPTY)
        assert server.process.poll() is None
    # The last connection is gone, and with it the reason to wait.
    assert server.wait() == 0


def test_a_stop_with_everything_on_logs_no_errors(start: Start, tmp_path: Path) -> None:
    flags = ("--decision-log", str(tmp_path), "--admin-port", "0", *QUICK)
    server = start("--workers", "2", *flags)
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert len(server.events("stopped")) == 1
    assert '"level": "error"' not in server.stderr


def _accepts(port: int) -> bool:
    with channel(port) as opened:
        try:
            send(opened, EMPTY)
        except grpc.RpcError:
            return False
    return True
