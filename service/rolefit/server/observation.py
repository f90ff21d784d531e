"""What one serving process counts, traces and says of itself."""

import socket
from dataclasses import dataclass

from grpc_health.v1 import health_pb2

from rolefit.server import engine_metrics, metric_names
from rolefit.server.access_log import AccessLog
from rolefit.server.admission import Admission
from rolefit.server.call import ArrivalWatcher, CallWatcher
from rolefit.server.call_metrics import CallMetrics
from rolefit.server.config import ServerConfig
from rolefit.server.health import Health
from rolefit.server.metric_values import Sources
from rolefit.server.report import Report
from rolefit.server.report_sending import ReportSender
from rolefit.server.snapshot import DecisionWatcher, Snapshots
from rolefit.server.telemetry import Tracing, tracing

_FLUSH_SECONDS = 2.0


@dataclass(frozen=True)
class Observed:
    """The parts of a server that are looked at."""

    snapshots: Snapshots
    admission: Admission
    health: Health


class Observation:
    """Watches the calls of one process, as far as the settings ask for it.

    Args:
        config: The settings.
        observed: What it looks at.
        services: By name of a method, the full name of its service.

    Attributes:
        arrival_watchers: To be told of calls that arrive.
        call_watchers: To be told of calls that ended.
        decision_watchers: To be told of decisions.
        sources: Where the metrics come from, for others to add theirs.

    Raises:
        TelemetryError: Traces are wanted and cannot be had.
    """

    def __init__(
        self, config: ServerConfig, observed: Observed, services: dict[str, str]
    ) -> None:
        self._config = config
        self._observed = observed
        self._sender: ReportSender | None = None
        self._health_names = ("", *dict.fromkeys(services.values()))
        self.arrival_watchers: list[ArrivalWatcher] = []
        self.call_watchers: list[CallWatcher] = []
        self.decision_watchers: list[DecisionWatcher] = []
        self.sources = Sources()
        if config.http_port:
            self._measure()
        self._tracing: Tracing | None = tracing(config, services)
        if self._tracing is not None:
            self.arrival_watchers.append(self._tracing)
            self.decision_watchers.append(self._tracing)
            self.call_watchers.append(self._tracing)
        if config.access_log:
            self.call_watchers.append(AccessLog())

    def _measure(self) -> None:
        sources = self.sources
        calls = CallMetrics()
        # First, since these have a zero for each rule, which counts then replace.
        engine_metrics.register_rules(sources, self._observed.snapshots)
        calls.register(sources)
        engine_metrics.CacheMetrics(self._observed.snapshots).register(sources)
        engine_metrics.register_ruleset(sources, self._observed.snapshots)
        engine_metrics.register_process(sources)
        limit = self._config.max_in_flight
        sources.add(
            metric_names.CALLS_IN_FLIGHT, lambda: {(): self._observed.admission.in_flight}
        )
        sources.add(metric_names.CALLS_IN_FLIGHT_LIMIT, lambda: {(): limit})
        self.call_watchers.append(calls)
        self.decision_watchers.append(calls)

    async def report(self) -> Report:
        """Return whether the process serves, and its metrics."""
        return Report(await self._says_serving(), self.sources.read())

    async def _says_serving(self) -> bool:
        for name in self._health_names:
            request = health_pb2.HealthCheckRequest(service=name)
            answer = await self._observed.health.Check(request, None)
            if answer.status != health_pb2.HealthCheckResponse.SERVING:
                return False
        return True

    def report_over(self, link: int | None) -> None:
        """Send reports over an open socket whenever its other end asks; None for nowhere."""
        if link is not None:
            self._sender = ReportSender(socket.socket(fileno=link), self.report)

    async def close(self) -> None:
        """Send what has not been sent. The engine must still be there."""
        if self._sender is not None:
            await self._sender.finish()
        if self._tracing is not None:
            self._tracing.flush(_FLUSH_SECONDS)
