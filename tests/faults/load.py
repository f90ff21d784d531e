"""Load on a server while something happens to it, and what came of every call."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.server.processes import PATIENCE_SECONDS, eventually

from .calling import Order, Report

_ROOT = Path(__file__).parent.parent.parent
# gRPC logs nothing else that tells how often a call was tried.
_ANSWERS_PER_WAIT = 200
_LOG_ATTEMPTS = {"GRPC_VERBOSITY": "DEBUG", "GRPC_TRACE": "retry"}


class Load:
    """Callers in a process of their own, from the beginning of the block to its end.

    Args:
        cases: File of profiles and answers.
        ports: Servers on 127.0.0.1.
        calls: Most calls to make. Without a limit, calls go on to the end of the block,
            however long what happens in it takes.
        callers: Calls in flight at once.
        connections: Over how many connections.
        timeout: Of a call, in seconds.
        wait_for_ready: Whether calls wait for a server that is not there.
        warm: Answers to wait for before the block begins.

    Attributes:
        report: What came of the calls, once the block has ended.
        retried: Attempts beyond the first of a call, likewise, whether by the client's retry
            policy or by gRPC itself, which tries again unasked what never left the client.
    """

    def __init__(
        self,
        cases: Path,
        *ports: int,
        calls: int | None = None,
        callers: int = 16,
        connections: int = 4,
        timeout: float = 20.0,
        wait_for_ready: bool = False,
        warm: int = 100,
    ) -> None:
        target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        self._order = Order(
            target, str(cases), calls, callers, connections, timeout, wait_for_ready
        )
        self._warm = warm
        self._answered = 0
        self._attempts = 0
        self._calls_made = 0
        self._noise: list[str] = []
        self.report = Report()

    @property
    def retried(self) -> int:
        return self._attempts - self._calls_made

    @property
    def description(self) -> str:
        """What the callers do, in a few words."""
        order = self._order
        return f"{order.callers:,} callers, {order.connections} connections"

    def __enter__(self) -> Load:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.calling"],
            cwd=_ROOT,
            env={**os.environ, **_LOG_ATTEMPTS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        self._readers = [
            threading.Thread(target=read) for read in (self._read_lines, self._read_log)
        ]
        for each in self._readers:
            each.start()
        self._process.stdin.write(json.dumps(asdict(self._order)).encode() + b"\n")
        self._process.stdin.flush()
        try:
            self.more(self._warm)
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def more(self, answers: int) -> None:
        """Waits until that many more calls have been answered.

        Raises:
            AssertionError: The callers have no calls left, or died; nothing is under load then.
        """
        for begun in range(0, answers, _ANSWERS_PER_WAIT):
            wanted = self._answered + min(_ANSWERS_PER_WAIT, answers - begun)
            self._wait_for(wanted)

    def _wait_for(self, answered: int) -> None:
        eventually(
            lambda: self._answered >= answered or self._process.poll() is not None,
            f"answer {answered}",
        )
        assert self._answered >= answered, f"no calls left: {''.join(self._noise[-20:])}"

    def finish(self, all_calls: bool = False) -> None:
        """Lets the calls in flight end, or with `all_calls` all that were ordered."""
        assert self._process.stdin is not None
        if not all_calls and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            code = self._process.wait(PATIENCE_SECONDS * 4)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            for each in self._readers:
                each.join()
        if not self._process.stdin.closed:
            self._process.stdin.close()
        assert code == 0, "".join(self._noise[-20:])

    def recovery(self, faults: Sequence[float]) -> float:
        """Seconds that the caller worst hit waited for an answer, from a fault on.

        Args:
            faults: When, by `now`, in order; calls belong to the last one before their end.
        """
        waits = [
            end - max(began, before[-1])
            for _, began, end in self.report.calls
            if (before := [fault for fault in faults if fault < end])
        ]
        return max(waits, default=math.inf)

    @property
    def longest_call(self) -> float:
        """Seconds that the longest of the answered calls took, retries included."""
        return max((end - began for _, began, end in self.report.calls), default=0.0)

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            content: dict[str, Any] = json.loads(line)
            if "report" in content:
                self.report = Report(**content["report"])
                self._answered = self.report.answered
            else:
                self._answered = content["answered"]

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if b": created attempt" in line:
                self._attempts += 1
            elif b": created call" in line:
                self._calls_made += 1
            elif b"retry_" not in line:
                self._noise.append(line.decode(errors="replace"))


def now() -> float:
    """The time, on the clock of the reports."""
    return time.monotonic()
