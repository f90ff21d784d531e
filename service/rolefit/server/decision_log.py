"""The decision log: takes decisions on the event loop, writes them on a thread of its own.

On the event loop a decision becomes the JSON that its record holds, some microseconds of
work, and joins a bounded queue. The thread wakes up some times a second, chains what has come
and writes it at once; for the rest it sleeps, so that it does not take the interpreter away
from calls. What cannot be written stays in the queue and is tried again; what the queue has
no room for is counted, and a record in its place says how many decisions are missing.
"""

from __future__ import annotations

import collections
import os
import threading
import time
from dataclasses import dataclass
from importlib import metadata

import orjson

from rolefit.server import log
from rolefit.server.decision_record import DecisionForm
from rolefit.server.log_chain import Head
from rolefit.server.log_files import Sink
from rolefit.server.snapshot import Decision

_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 0.5
_CHUNK_BYTES = 128 * 1024
_FEW = 16
_LONGEST_STOP_SECONDS = 3.0


@dataclass(frozen=True)
class DecisionLogStatus:
    """What became of the decisions of this process.

    Attributes:
        written: Decisions in the log.
        lost: Decisions that never will be.
        waiting: Decisions that are still to be written.
        bytes: Written, records of other kinds included.
        last_error: Why writing failed last; empty if it never did.
        failing: Whether the last try to write failed.
    """

    written: int
    lost: int
    waiting: int
    bytes: int
    last_error: str
    failing: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record to be: its kind, its content as JSON, and when."""

    kind: str
    content: bytes
    time_ns: int


class DecisionLog:
    """Records decisions; a `DecisionWatcher`.

    Args:
        form: What a record holds.
        sink: Where records go; the log closes it.
        head: The end of the chain so far.
        queue: Decisions that may wait to be written.
        in_order: Whether the process before wrote all it had to.
        chunk_bytes: Written at once at most.
    """

    def __init__(
        self,
        form: DecisionForm,
        sink: Sink,
        head: Head,
        queue: int,
        in_order: bool = True,
        worker: int = 0,
        chunk_bytes: int = _CHUNK_BYTES,
    ) -> None:
        self._form = form
        self._sink = sink
        self._head = head
        self._room = queue
        self._chunk_bytes = min(chunk_bytes, _CHUNK_BYTES)
        self._queue: collections.deque[_Entry] = collections.deque()
        self._wake = threading.Event()
        self._stopping = False
        # Of the event loop: taken and lost so far, and lost since the last entry in the queue.
        self._taken = 0
        self._lost = 0
        self._missing = 0
        # Of the thread, read by others.
        self._written = 0
        self._bytes = 0
        self._last_error = ""
        self._failing = False
        if not in_order:
            self._add("loss", {"cause": "LOSS_CAUSE_PROCESS_DIED"})
        version = metadata.version("rolefit")
        self._add("start", {"pid": os.getpid(), "worker": worker, "version": version})
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._thread.start()

    def decided(self, decision: Decision) -> None:
        """Note a decision; it never waits and never raises."""
        if len(self._queue) >= self._room:
            self._lose("the queue is full")
            return
        try:
            content = self._form.encode(decision)
        except Exception as error:
            self._lose(f"a decision cannot be recorded: {error!r}")
            return
        if self._missing:
            self._add_loss()
        self._queue.append(_Entry("decision", content, time.time_ns()))
        self._taken += 1

    def status(self) -> DecisionLogStatus:
        """Return what became of decisions so far. From any thread."""
        return DecisionLogStatus(
            written=self._written,
            lost=self._lost,
            waiting=self._taken - self._written,
            bytes=self._bytes,
            last_error=self._last_error,
            failing=self._failing,
        )

    def close(self) -> None:
        """Write what waits, and a last word; no decision may come after that.

        It waits for a slow disk, but not for ever: what is not written then is counted as
        lost, in the server's log.
        """
        if self._missing:
            self._add_loss()
        self._add("stop", {"pid": os.getpid()})
        self._stopping = True
        self._wake.set()
        self._thread.join(_LONGEST_STOP_SECONDS)
        if self._queue or self._thread.is_alive() or self._failing:
            left = self._taken - self._written
            self._lost += left
            self._taken -= left
            log.logger().error(
                "decision log ends without its last records",
                decisions_lost=left,
                cause=self._last_error or "the disk is too slow",
            )
        if not self._thread.is_alive():
            self._sink.close()

    def _lose(self, why: str) -> None:
        self._lost += 1
        self._missing += 1
        if not self._failing:
            self._last_error = why

    def _add_loss(self) -> None:
        self._add("loss", {"cause": "LOSS_CAUSE_QUEUE_FULL", "decisions": self._missing})
        self._missing = 0

    def _add(self, kind: str, content: dict[str, object]) -> None:
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        self._queue.append(_Entry(kind, text, time.time_ns()))

    def _run(self) -> None:
        while True:
            stopping = self._stopping
            while self._queue:
                if not self._write_chunk(stopping):
                    return
            if stopping:
                return
            self._wake.wait(_PAUSE_SECONDS)

    def _write_chunk(self, stopping: bool) -> bool:
        """Write some of what waits, however often that takes; return whether it succeeded."""
        first = self._head.sequence + 1
        lines, head, decisions, losses = self._next_chunk()
        while True:
            try:
                self._sink.write(lines, first)
                break
            except Exception as error:
                self._failed(error)
            if stopping or self._stopping:
                return False
            self._wake.wait(_RETRY_SECONDS)
        self._head = head
        self._written += decisions
        self._bytes += len(lines)
        if self._failing:
            self._failing = False
            log.logger().warning("decision log is written again")
        for loss in losses:
            log.logger().error("decisions missing in the decision log", **orjson.loads(loss))
        return True

    def _next_chunk(self) -> tuple[bytes, Head, int, list[bytes]]:
        """Return lines, the end of the chain after them, their decisions and their losses."""
        head, chunk, losses = self._head, bytearray(), []
        count = decisions = 0
        while self._queue:
            entry = self._queue[0]
            line, after = head.seal(entry.kind, entry.content, entry.time_ns)
            if chunk and len(chunk) + len(line) > self._chunk_bytes:
                break
            decisions += entry.kind == "decision"
            self._queue.popleft()
            chunk += line
            head = after
            if entry.kind == "loss":
                losses.append(entry.content)
            count += 1
            if count % _FEW == 0:
                time.sleep(0)  # lets the event loop have the interpreter
        return bytes(chunk), head, decisions, losses

    def _failed(self, error: Exception) -> None:
        reason = getattr(error, "strerror", None) or repr(error)
        self._last_error = reason
        if not self._failing:
            self._failing = True
            log.logger().error("decision log cannot be written", cause=reason)
