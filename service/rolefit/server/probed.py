"""What HTTP probes ask about, and when they are served."""

import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from rolefit.server.config import ServerConfig
from rolefit.server.metric_values import Readings


class Probed(Protocol):
    """A server as probes see it."""

    async def why_not_alive(self) -> str:
        """Say what is wrong if it should be started anew; empty if nothing is."""

    async def why_not_ready(self) -> str:
        """Say why it should get no calls now; empty if it should."""

    async def readings(self) -> Readings:
        """Return its metrics."""


@contextlib.asynccontextmanager
async def probes_served(config: ServerConfig, probed: Probed) -> AsyncIterator[None]:
    """Answer HTTP as long as the context is open, if a port is configured.

    Raises:
        PortError: The address cannot be listened on.
    """
    if not config.http_port:
        yield
        return
    # Only now: what it imports takes some 50 ms, which others need not wait for.
    from rolefit.server.http_probes import serve_probes

    async with serve_probes(config.http_host, config.http_port, probed):
        yield
