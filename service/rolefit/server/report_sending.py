"""A worker's end of the link over which the supervisor asks for reports."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from rolefit.server.report import Report

_MOST_ASKED_AT_ONCE = 64


class ReportSender:
    """Sends a report at once, another for every byte received, and a last one at the end.

    That last one is why no count is lost when a worker stops in order.

    Args:
        link: A connected socket, which it owns from now on.
        report: Makes a report.
    """

    def __init__(self, link: socket.socket, report: Callable[[], Awaitable[Report]]) -> None:
        self._link = link
        self._report = report
        self._sending = asyncio.ensure_future(self._send())

    async def finish(self) -> None:
        """Send the last report and hang up."""
        self._sending.cancel()
        await asyncio.wait([self._sending])

    async def _send(self) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self._link)
        asked = b"\n"
        # A supervisor that has gone takes the worker along by other ways.
        with contextlib.suppress(ConnectionError):
            try:
                while asked:
                    line = (await self._report()).to_line()
                    writer.write(line * len(asked))
                    await writer.drain()
                    asked = await reader.read(_MOST_ASKED_AT_ONCE)
            except asyncio.CancelledError:
                writer.write((await self._report()).to_line())
                await writer.drain()
            finally:
                writer.close()
                await writer.wait_closed()
