"""The supervisor's view of its workers: their reports, added up, and what follows for probes.

A worker that dies takes its gauges along, but not its counts: what it last reported stays in
the sums, which therefore never fall. Workers are asked whenever somebody wants to know, and
every second besides, so a worker that is killed loses the counts of a second at most.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator

from rolefit.server import metric_names as names
from rolefit.server.metric_values import Readings, Sources, lasting, merged
from rolefit.server.report import Report

_INTERVAL_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_MOST_LOOKS = 30
"""How often to look in vain for answers: workers have far more time than their longest
evaluation takes on a busy machine, and less than Prometheus gives a scrape."""
_MOST_UNANSWERED = 4
_LONGEST_LINE_BYTES = 8 * 2**20


class _Link:
    """The connection to one worker."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._unanswered: deque[asyncio.Future[Report | None]] = deque()
        self.latest: Report | None = None

    def ask(self) -> "asyncio.Future[Report | None]":
        """Ask for a report; the future has it, or None if it will never be there."""
        if len(self._unanswered) >= _MOST_UNANSWERED:
            return self._unanswered[-1]
        answered: asyncio.Future[Report | None] = asyncio.get_running_loop().create_future()
        self._unanswered.append(answered)
        self._writer.write(b"\n")
        return answered

    def received(self, report: Report) -> None:
        unasked = self.latest is None
        self.latest = report
        if not unasked and self._unanswered:
            self._unanswered.popleft().set_result(report)

    def close(self) -> None:
        self._writer.close()
        for answered in self._unanswered:
            answered.set_result(None)
        self._unanswered.clear()


class WorkerReports:
    """Asks workers for reports. Without an HTTP port nobody wants them, and it does nothing.

    Args:
        enabled: Whether anybody wants them.
        wanted: How many workers there should be.
        stopping: Says whether the server is about to stop.

    Attributes:
        sources: Metrics of the supervisor itself.
        restarts: Workers started in place of one that ended; for the supervisor to count.
    """

    def __init__(self, enabled: bool, wanted: int, stopping: Callable[[], bool]) -> None:
        self._enabled = enabled
        self._stopping = stopping
        self._links: set[_Link] = set()
        self._reading: set[asyncio.Task[None]] = set()
        self._ended: Readings = {}
        self.restarts = 0
        self.sources = Sources()
        self.sources.add(names.WORKERS, lambda: {(): len(self._serving())})
        self.sources.add(names.WORKERS_WANTED, lambda: {(): wanted})
        self.sources.add(names.WORKER_RESTARTS, lambda: {(): self.restarts})

    @contextlib.contextmanager
    def link(self) -> Iterator[tuple[int, ...]]:
        """Open a link to a worker that is about to be started.

        Yields:
            The descriptor that the worker must inherit, if any.
        """
        if not self._enabled:
            yield ()
            return
        ours, theirs = socket.socketpair()
        with theirs:
            reading = asyncio.ensure_future(self._read(ours))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
            yield (theirs.fileno(),)

    async def _read(self, ours: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(
            sock=ours, limit=_LONGEST_LINE_BYTES
        )
        link = _Link(writer)
        try:
            async for line in reader:
                link.received(Report.from_line(line))
                self._links.add(link)
        except (ConnectionError, ValueError):
            pass  # it died within a line
        finally:
            self._links.discard(link)
            if link.latest is not None:
                self._ended = merged([self._ended, lasting(link.latest.readings)])
            link.close()

    @contextlib.asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Ask every worker every second, as long as the context is open."""
        asking = asyncio.ensure_future(self._ask_for_ever())
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait([asking])

    async def _ask_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            self._ask()

    def _ask(self) -> "list[asyncio.Future[Report | None]]":
        return [link.ask() for link in self._links]

    async def _answers(self, enough: Callable[[Report], bool]) -> list[Report]:
        """Ask every worker; return what those say that answer in time, the quickest first.

        Looks are counted, not seconds: if it is this process, or the whole machine, that
        stood still, the answers of that time are there at the next look.

        Args:
            enough: Says whether others than this one need not be waited for.
        """
        answers: list[Report] = []
        awaited, looks = set(self._ask()), 0
        while awaited and looks < _MOST_LOOKS and not any(map(enough, answers)):
            answered, awaited = await asyncio.wait(
                awaited, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            answers += filter(None, (each.result() for each in answered))
            looks += not answered
        return answers

    def _serving(self) -> list[_Link]:
        return [link for link in self._links if link.latest and link.latest.serving]

    async def why_not_alive(self) -> str:
        """Say what is wrong if no worker's event loop turns; empty if all is well.

        One that hangs among others is for the supervisor to replace, and no reason to end
        them all. It is not waited for.
        """
        if await self._answers(lambda _: True):
            return ""
        workers = len(self._links)
        return f"none of {workers} workers answers" if workers else ""

    async def why_not_ready(self) -> str:
        """Say why calls should go elsewhere; empty if they are welcome."""
        if self._stopping():
            return "stopping"
        if not self._links:
            return "no worker serves yet"
        answers = await self._answers(lambda report: report.serving)
        if not answers:
            return "no worker answers"
        if not any(report.serving for report in answers):
            return "no worker says SERVING"
        return ""

    async def readings(self) -> Readings:
        """Return the metrics of all workers, past ones included."""
        await self._answers(lambda _: False)
        live = (link.latest.readings for link in self._links if link.latest)
        return merged([self.sources.read(), self._ended, *live])
