"""A child's pipes to the process that started it: JSON lines in and out."""

import asyncio
import json
import os
from typing import Any

_LONGEST_LINE = 2**28


class ParentPipes:
    """Standard input as orders, and what was standard output as reports.

    What libraries print goes to stderr from then on.
    """

    def __init__(self, orders: asyncio.StreamReader, reports: asyncio.WriteTransport) -> None:
        self._orders = orders
        self._reports = reports

    @classmethod
    async def open(cls) -> "ParentPipes":
        """Take them over; nothing may have been read or written yet."""
        loop = asyncio.get_running_loop()
        orders = asyncio.StreamReader(limit=_LONGEST_LINE)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(orders), os.fdopen(0, "rb", buffering=0)
        )
        report_to = os.dup(1)
        os.dup2(2, 1)
        transport, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(report_to, "wb", buffering=0)
        )
        return cls(orders, transport)

    async def read(self) -> dict[str, Any] | None:
        """Return the next order; None once the parent is gone, however that happened."""
        line = await self._orders.readline()
        if not line.endswith(b"\n"):
            return None
        order: dict[str, Any] = json.loads(line)
        return order

    def write(self, **report: Any) -> None:
        """Send a report; it never waits."""
        self._reports.write(json.dumps(report).encode() + b"\n")

    def beat(self) -> None:
        """Send a sign of life, unless what went before is still on its way."""
        if self._reports.get_write_buffer_size() == 0:
            self.write(beat=True)

    async def close(self) -> None:
        """Send what is left."""
        self._reports.close()
        await asyncio.sleep(0)
