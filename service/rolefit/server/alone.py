"""A server with one worker: it runs in the process it was started in."""

import os

from rolefit.server import log, port_file, ports
from rolefit.server.alone_probed import AloneProbed
from rolefit.server.config import ServerConfig
from rolefit.server.probed import probes_served
from rolefit.server.serving import RunningServer, Shutdown, run, serve_until


def run_alone(config: ServerConfig) -> None:
    """Serve until a signal ends it.

    Raises:
        PortError: The address cannot be listened on.
        StartError: The server cannot start.
        OSError: The port file cannot be written.
    """
    # gRPC would refuse a taken port too, but with lines of its own on stderr.
    ports.claim(config.host, config.port, shared=False).close()
    lines = log.logger()
    probed = AloneProbed()

    def announce(running: RunningServer) -> None:
        probed.serving(running.observation)
        port_file.write(config.port_file, running.port)
        lines.info(
            "serving",
            host=config.host,
            port=running.port,
            workers=1,
            **running.ruleset,
            pid=os.getpid(),
        )

    async def serve(shutdown: Shutdown) -> None:
        address = (config.host, config.port, False)
        async with probes_served(config, probed):
            await serve_until(shutdown, config, address, announce)

    port_file.remove(config.port_file)
    try:
        run(serve)
    finally:
        port_file.remove(config.port_file)
    lines.info("stopped", pid=os.getpid())
