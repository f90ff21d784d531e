"""The process of the admin service: `python -m rolefit.server.admin_process`.

The supervisor starts it. It cannot serve gRPC itself, and a worker would be the wrong place:
any of them may be replaced at any time, by the admin's own command at that. So this process
asks the supervisor over its pipes, as JSON lines, and ends with it.
"""

import asyncio
import itertools
import signal
import sys
from typing import Any

from rolefit.server import log
from rolefit.server.admin_service import AdminServer
from rolefit.server.config import ServerConfig
from rolefit.server.control import ControlError
from rolefit.server.parent_pipes import ParentPipes
from rolefit.server.ports import PortError


class _Remote:
    """The server, over the pipes to its supervisor."""

    def __init__(self, pipes: ParentPipes) -> None:
        self._pipes = pipes
        self._numbers = itertools.count()
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def carry_out(self, command: str, digest: str = "") -> dict[str, Any]:
        """Have the supervisor carry a command out.

        Raises:
            ControlError: It could not.
        """
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        self._pipes.write(command=command, digest=digest, number=number)
        state: dict[str, Any] = await reply
        if "reason" in state:
            raise ControlError(state["reason"], state["message"])
        return state

    async def listen(self) -> None:
        """Take replies until the supervisor is gone."""
        while (report := await self._pipes.read()) is not None:
            reply = self._replies.pop(report["reply"])
            if not reply.done():
                reply.set_result(report["state"])


async def _serve() -> int:
    pipes = await ParentPipes.open()
    order = await pipes.read()
    if order is None:
        return 0
    config = ServerConfig.from_json(order["config"])
    log.configure(config.log_format)
    remote = _Remote(pipes)
    try:
        server = await AdminServer.start(remote, order["port"], config.reflection)
    except PortError as error:
        pipes.write(failure=str(error))
        await pipes.close()
        return 1
    pipes.write(serving=server.port)
    await remote.listen()
    await server.stop()
    return 0


def main() -> int:
    """Serve until the supervisor goes; return the exit code."""
    # Signals are for the supervisor, at whose end this one's comes.
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return asyncio.run(_serve())


if __name__ == "__main__":
    sys.exit(main())
