"""What a server of one process says over HTTP, where there is no supervisor to ask."""

from rolefit.server import metric_names as names
from rolefit.server.metric_values import Readings, Sources, merged
from rolefit.server.observation import Observation


class AloneProbed:
    """Answers for the process it is in, also before and after it serves.

    Attributes:
        sources: Where the metrics come from that no serving process has.
    """

    def __init__(self) -> None:
        self._observation: Observation | None = None
        self.sources = Sources()
        self.sources.add(names.WORKERS, lambda: {(): self._observation is not None})
        self.sources.add(names.WORKERS_WANTED, lambda: {(): 1})
        self.sources.add(names.WORKER_RESTARTS, lambda: {(): 0})

    def serving(self, observation: Observation) -> None:
        """Note that the server serves."""
        self._observation = observation

    async def why_not_alive(self) -> str:
        """Say nothing: that there is an answer says it all."""
        return ""

    async def why_not_ready(self) -> str:
        """Say whether the server starts, or its health why calls should go elsewhere."""
        if self._observation is None:
            return "not serving yet"
        report = await self._observation.report()
        return "" if report.serving else "health does not say SERVING"

    async def readings(self) -> Readings:
        """Return the metrics."""
        parts = [self.sources.read()]
        if self._observation is not None:
            parts.append((await self._observation.report()).readings)
        return merged(parts)
