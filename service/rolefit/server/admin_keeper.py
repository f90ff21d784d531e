"""The supervisor's side of the admin service's process."""

import asyncio
from typing import Any

from rolefit.server import log
from rolefit.server.child_process import ChildProcess
from rolefit.server.config import ServerConfig
from rolefit.server.control import Control, ControlError
from rolefit.server.process_end import how_it_ended

_PAUSE_SECONDS = 1.0


class AdminError(Exception):
    """The admin service cannot start; `str()` says why, in one line."""


class AdminKeeper:
    """Starts the process, carries out what it asks for, and replaces it when it dies.

    Attributes:
        port: The port it listens on, once it does.
    """

    def __init__(self, config: ServerConfig, control: Control) -> None:
        assert config.admin_port is not None
        self._config = config
        self._control = control
        self._child: ChildProcess | None = None
        self._tasks: set[asyncio.Future[None]] = set()
        self.port = config.admin_port

    async def start(self) -> None:
        """Start it, and return once it serves.

        Raises:
            AdminError: It cannot.
        """
        child = self._child = await ChildProcess.spawn("rolefit.server.admin_process")
        # The port that a first one took stays, as clients know it.
        child.send({"config": self._config.to_json(), "port": self.port})
        reports = child.reports()
        try:
            first = await reports.__anext__()
        except StopAsyncIteration:
            first = {}
        if "serving" not in first:
            code = await child.process.wait()
            died = f"the admin service died at its start, {how_it_ended(code)}"
            raise AdminError(first.get("failure", died))
        self.port = first["serving"]
        self._run(self._keep(child, reports))

    async def stop(self) -> None:
        """End it."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._child is not None:
            self._child.kill()
            await self._child.process.wait()

    async def _keep(self, child: ChildProcess, reports: Any) -> None:
        async for request in reports:
            self._run(self._answer(child, request))
        code = await child.process.wait()
        log.logger().warning(
            "admin service ended; another takes its place", ended=how_it_ended(code)
        )
        while True:
            try:
                await self.start()
                return
            except AdminError as error:
                log.logger().error("admin service cannot start", cause=str(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _answer(self, child: ChildProcess, request: dict[str, Any]) -> None:
        try:
            state = await self._control.carry_out(request["command"], request["digest"])
        except ControlError as error:
            state = {"reason": error.reason, "message": str(error)}
        except Exception:
            log.logger().exception("an admin command failed", command=request["command"])
            state = {"reason": "INTERNAL", "message": "the server's log has the cause"}
        child.send({"reply": request["number"], "state": state})

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
