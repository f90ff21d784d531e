"""A worker process: `python -m rolefit.server.worker`, started by the supervisor alone.

Its standard input brings JSON lines: first what to serve, by which rules and where, later
`{"order": "serve"}` and the orders of `rules_orders.py`. It ends when the supervisor does,
however that happened, and the worker goes too. Its standard output takes JSON lines: that it
loaded the rules, that it serves, or why it cannot; replies to orders; and signs of life.
"""

import asyncio
import signal
import sys
from typing import Any

from rolefit.server import log, standard_output
from rolefit.server.config import ServerConfig
from rolefit.server.parent_pipes import ParentPipes
from rolefit.server.rules_bundle import RulesBundle
from rolefit.server.rules_orders import RulesOrders
from rolefit.server.serving import RunningServer, Shutdown, StartError, load, run, serve_until

_BEATS = 4
"""Signs of life in the time after which their absence counts."""


def main() -> int:
    """Serve until told to stop; return the exit code."""
    # They are for the supervisor, and would end a process that does not know them.
    for number in (signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    code = 0

    async def work(shutdown: Shutdown) -> None:
        nonlocal code
        pipes = await ParentPipes.open()
        try:
            await _Worker(pipes, shutdown).serve()
        except StartError as error:
            pipes.write(failure=str(error))
            code = 1
        await pipes.close()

    run(work)
    return code


class _Worker:
    def __init__(self, pipes: ParentPipes, shutdown: Shutdown) -> None:
        self._pipes = pipes
        self._shutdown = shutdown
        self._may_serve = asyncio.Event()

    async def serve(self) -> None:
        """Load, wait to be let in, and serve.

        Raises:
            StartError: The server cannot start.
        """
        first = await self._pipes.read()
        if first is None:
            return
        config = ServerConfig.from_json(first["config"])
        log.configure(config.log_format)
        standard_output.adopt(first["stdout"])
        snapshots = load(RulesBundle.from_text(first["rules"]))
        orders = RulesOrders(snapshots)
        tasks = [asyncio.ensure_future(self._obey(orders))]
        if config.hang_seconds:
            tasks.append(asyncio.ensure_future(self._beat(config.hang_seconds / _BEATS)))
        status = snapshots.status
        self._pipes.write(
            loaded={"name": status.name, "version": status.version, "digest": status.digest}
        )

        def announce(running: RunningServer) -> None:
            orders.show = running.show_rules
            running.observation.report_over(first["report_link"])
            self._pipes.write(serving=running.ruleset)

        try:
            if await self._let_in():
                address = (config.host, first["port"], True)
                await serve_until(self._shutdown, config, snapshots, address, announce)
        finally:
            for task in tasks:
                task.cancel()

    async def _let_in(self) -> bool:
        """Wait for the word to serve; return whether it came before that to stop."""
        waits = [
            asyncio.ensure_future(event.wait())
            for event in (self._may_serve, self._shutdown.requested)
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        return not self._shutdown.requested.is_set()

    async def _obey(self, orders: RulesOrders) -> None:
        while (order := await self._pipes.read()) is not None:
            if order["order"] == "serve":
                self._may_serve.set()
                continue
            self._pipes.write(reply=order["number"], **await _reply(orders, order))
        # A new supervisor may already want the port: do not wait for clients.
        self._shutdown.request(hurry=True)

    async def _beat(self, pause: float) -> None:
        while True:
            self._pipes.beat()
            await asyncio.sleep(pause)


async def _reply(orders: RulesOrders, order: dict[str, Any]) -> dict[str, Any]:
    try:
        return await orders.ask(order)
    except Exception as error:
        log.logger().exception("an order failed", order=order["order"])
        return {"failure": repr(error)}


if __name__ == "__main__":
    sys.exit(main())
