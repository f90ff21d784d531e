"""A worker process: `python -m rolefit.server.worker`, started by the supervisor alone.

Its standard input brings one line, what to serve and where, and then nothing: it ends when
the supervisor does, however that happened, and the worker goes too. Its standard output
takes one line, a report that it serves or why it cannot.
"""

import asyncio
import json
import os
import sys
from typing import Any

from rolefit.server import log, standard_output
from rolefit.server.config import ServerConfig
from rolefit.server.serving import RunningServer, Shutdown, StartError, run, serve_until


def main() -> int:
    """Serve until told to stop; return the exit code."""
    order = json.loads(sys.stdin.buffer.readline())
    config = ServerConfig.from_json(order["config"])
    log.configure(config.log_format)
    standard_output.adopt(order["stdout"])
    # Only the report goes to the pipe: what libraries print goes to stderr.
    report_to = os.dup(1)
    os.dup2(2, 1)

    def report(**content: Any) -> None:
        with os.fdopen(report_to, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(content) + "\n")

    async def serve(shutdown: Shutdown) -> None:
        _stop_with_supervisor(shutdown)
        address = (config.host, order["port"], True)
        await serve_until(shutdown, config, address, announce)

    def announce(running: RunningServer) -> None:
        running.observation.report_over(order["report_link"])
        report(serving=running.ruleset)

    try:
        run(serve)
    except StartError as error:
        report(failure=str(error))
        return 1
    return 0


def _stop_with_supervisor(shutdown: Shutdown) -> None:
    def ended() -> None:
        loop.remove_reader(0)
        # A new supervisor may already want the port: do not wait for clients.
        shutdown.request(hurry=True)

    loop = asyncio.get_running_loop()
    loop.add_reader(0, ended)


if __name__ == "__main__":
    sys.exit(main())
