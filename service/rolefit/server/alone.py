"""A server with one worker: it runs in the process it was started in."""

import asyncio
import os
import signal
import time
from typing import Any

from rolefit.server import log, metric_names, port_file, ports
from rolefit.server.admin_service import AdminServer
from rolefit.server.alone_probed import AloneProbed
from rolefit.server.config import ServerConfig
from rolefit.server.control import Control, RestartError
from rolefit.server.probed import probes_served
from rolefit.server.rules_bundle import FolderError, fingerprint, read_bundle
from rolefit.server.rules_check import CheckedRules
from rolefit.server.rules_lifecycle import RulesLifecycle
from rolefit.server.rules_orders import RulesOrders
from rolefit.server.serving import RunningServer, Shutdown, StartError, load, run, serve_until

_CANNOT_RESTART = "nothing could stand in for the only worker; start the server with more"


def run_alone(config: ServerConfig) -> None:
    """Serve until a signal ends it.

    Raises:
        PortError: The address cannot be listened on.
        StartError: The server cannot start.
        OSError: The port file cannot be written.
    """
    # gRPC would refuse a taken port too, but with lines of its own on stderr.
    ports.claim(config.host, config.port, shared=False).close()
    port_file.remove(config.port_file)
    try:
        run(_Alone(config).serve)
    finally:
        port_file.remove(config.port_file)
    log.logger().info("stopped", pid=os.getpid())


class _Alone:
    """The server, and the reloading of its rules beside it."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._log = log.logger()
        self._serving_since = 0.0
        self._probed = AloneProbed()
        seen = fingerprint(config.rules) if config.rules else ()
        try:
            bundle = read_bundle(config.rules)
        except FolderError as error:
            raise StartError(str(error)) from None
        self._snapshots = load(bundle)
        status = self._snapshots.status
        initial = CheckedRules(status.name, status.version, status.digest, bundle)
        self._orders = RulesOrders(self._snapshots)
        self._first = (initial, seen)

    async def serve(self, shutdown: Shutdown) -> None:
        """Serve until `shutdown` is requested.

        Raises:
            PortError: The admin service's port cannot be listened on.
            StartError: The port is taken.
        """
        config = self._config
        rules = RulesLifecycle(config, lambda: (self._orders,), *self._first)
        self._probed.sources.add(metric_names.RULESET_RELOADS, rules.reloads)
        admin: AdminServer | None = None
        if config.admin_port is not None:
            control = Control(rules, self)
            admin = await AdminServer.start(control, config.admin_port, config.reflection)
        tasks: set[asyncio.Future[None]] = set()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(
            signal.SIGHUP, lambda: tasks.add(asyncio.ensure_future(rules.try_reload()))
        )
        loop.add_signal_handler(signal.SIGUSR1, self._refuse_restart)

        def announce(running: RunningServer) -> None:
            self._announce(running, admin)
            tasks.add(asyncio.ensure_future(rules.watch()))

        try:
            address = (config.host, config.port, False)
            async with probes_served(config, self._probed):
                await serve_until(shutdown, config, self._snapshots, address, announce)
        finally:
            for task in tasks:
                task.cancel()
            if admin is not None:
                await admin.stop()

    def listed(self) -> list[dict[str, Any]]:
        """Return what the admin service says of this process."""
        return [{"pid": os.getpid(), "serving_since": self._serving_since}]

    async def restart(self) -> None:
        """Refuse.

        Raises:
            RestartError: Always.
        """
        raise RestartError(_CANNOT_RESTART)

    def _refuse_restart(self) -> None:
        self._log.warning("no restart", cause=_CANNOT_RESTART)

    def _announce(self, running: RunningServer, admin: AdminServer | None) -> None:
        self._orders.show = running.show_rules
        self._probed.serving(running.observation)
        self._serving_since = time.time()
        port_file.write(self._config.port_file, running.port)
        self._log.info(
            "serving",
            host=self._config.host,
            port=running.port,
            **({"admin_port": admin.port} if admin else {}),
            workers=1,
            **running.ruleset,
            pid=os.getpid(),
        )
