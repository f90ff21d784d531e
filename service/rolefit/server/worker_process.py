"""A worker as the supervisor sees it."""

import asyncio
import itertools
import time
from typing import Any

from rolefit.server.child_process import ChildProcess
from rolefit.server.process_end import how_it_ended
from rolefit.server.rules_lifecycle import MemberGoneError

_REPLY_SECONDS = 60.0
"""How long an order may take. The longest, to prepare rules, takes less than a second."""


class WorkerError(Exception):
    """The workers cannot start; `str()` says why, one line for each cause."""


class WorkerProcess(ChildProcess):
    """A worker process that serves, or is about to.

    Attributes:
        serving: What it reported as it began to serve; empty before.
        since: When that was, by `time.monotonic()`. Unit: seconds.
        serving_since: The same in seconds since 1970.
        silent: How often in succession the watch over signs of life found none.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process)
        self.serving: dict[str, str] = {}
        self.since = time.monotonic()
        self.serving_since = 0.0
        self.silent = 0
        self._numbers = itertools.count()
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._starting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._listening = asyncio.ensure_future(self._listen())

    async def loaded(self) -> dict[str, str]:
        """Wait until it has loaded its rules; return their name, version and digest.

        Raises:
            WorkerError: It cannot, or it ended.
        """
        return await self._report("loaded")

    async def serves(self) -> None:
        """Let it serve, and wait until it does.

        Raises:
            WorkerError: It cannot, or it ended.
        """
        self.send({"order": "serve"})
        self.serving = await self._report("serving")
        self.since = time.monotonic()
        self.serving_since = time.time()

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have an order of `rules_orders.py` carried out; return the reply.

        Raises:
            MemberGoneError: It ended, or does not answer.
        """
        if not self.alive or self._listening.done():
            raise MemberGoneError
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            self.send({**order, "number": number})
            return await asyncio.wait_for(reply, _REPLY_SECONDS)
        except asyncio.TimeoutError:
            raise MemberGoneError from None
        finally:
            del self._replies[number]

    async def _report(self, name: str) -> dict[str, str]:
        report = await self._starting.get()
        if name in report:
            found: dict[str, str] = report[name]
            return found
        code = await self.process.wait()
        died = f"a worker died at its start, {how_it_ended(code)}"
        raise WorkerError(report.get("failure", died))

    async def _listen(self) -> None:
        async for report in self.reports():
            if "beat" in report:
                self.silent = 0
            elif "reply" in report:
                reply = self._replies.get(report["reply"])
                if reply is not None and not reply.done():
                    reply.set_result(report)
            else:
                self._starting.put_nowait(report)
        self._starting.put_nowait({})
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(MemberGoneError())
