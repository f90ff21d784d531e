"""The gRPC server of one process: how it is built, started, drained and stopped."""

import asyncio
import gc
import signal
import time
from collections.abc import Callable
from typing import Any

import uvloop
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from rolefit.engine import RulesetError
from rolefit.server import catalogue_service, ports, recommendation_service, recording_metrics
from rolefit.server.admission import Admission, LoopClock
from rolefit.server.catalogue_service import CatalogueService
from rolefit.server.config import ServerConfig
from rolefit.server.health import Health
from rolefit.server.observation import Observation, Observed
from rolefit.server.recommendation_service import RecommendationService
from rolefit.server.recording import Recording, RecordingError
from rolefit.server.revived_server import RevivedServer
from rolefit.server.rules_bundle import RulesBundle
from rolefit.server.rules_status import RulesStatus
from rolefit.server.security import Security
from rolefit.server.snapshot import Snapshots
from rolefit.server.snapshot_building import SelfTestError, build
from rolefit.server.telemetry import TelemetryError, services_of
from rolefit.server.unary_call import UnaryCalls
from rolefit.server.watched_files import FileError, keep_fresh
from rolefit.v1 import catalogue_service_pb2, recommendation_service_pb2

_POLL_SECONDS = 0.05
_SERVICES = (recommendation_service.SERVICE, catalogue_service.SERVICE)
_SERVICE_OF_METHOD = services_of(
    *recommendation_service_pb2.DESCRIPTOR.services_by_name.values(),
    *catalogue_service_pb2.DESCRIPTOR.services_by_name.values(),
)


class StartError(Exception):
    """The server cannot start; `str()` says why, one line for each cause."""


class Shutdown:
    """The wish to stop, from a signal or from the end of the supervisor.

    Attributes:
        requested: Set once the server is to stop.
        hurry: Set if it is not to wait for clients that have not found out yet. Accepted
            calls still finish.
    """

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.hurry = asyncio.Event()

    def request(self, hurry: bool = False) -> None:
        """Ask for a stop; a second request asks for a hurry."""
        if hurry or self.requested.is_set():
            self.hurry.set()
        self.requested.set()

    def listen_to_signals(self) -> None:
        """Drain on SIGTERM; on SIGINT, which a person at a terminal sends, hurries."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.request)
        loop.add_signal_handler(signal.SIGINT, self.request, True)


class RunningServer:
    """A server that serves.

    Attributes:
        port: The port it listens on.
        observation: What it counts and says of itself.
        recording: The decision log and the shadow evaluation, with their status.
    """

    def __init__(
        self,
        server: aio.Server,
        health: Health,
        snapshots: Snapshots,
        config: ServerConfig,
        port: int,
        ticking: asyncio.Future[Any],
        observation: Observation,
        recording: Recording,
    ) -> None:
        self._server = server
        self._health = health
        self._snapshots = snapshots
        self._config = config
        self._ticking = ticking
        self.recording = recording
        self.port = port
        self.observation = observation

    @property
    def ruleset(self) -> dict[str, str]:
        """Name, version and digest of the rules it answers by."""
        ruleset = self._snapshots.current.ruleset
        return {
            "ruleset": ruleset.name,
            "ruleset_version": ruleset.version,
            "ruleset_digest": ruleset.digest,
        }

    async def show_rules(self, status: RulesStatus) -> None:
        """Show the state of the rules in the health service."""
        await self._health.show_rules(status, _SERVICES)

    async def drain_and_stop(self, hurry: asyncio.Event) -> None:
        """Stop so that no accepted call is lost, and few clients notice.

        gRPC's `stop()` refuses new calls before clients can know, so those that arrive in
        that moment fail with UNAVAILABLE or CANCELLED. So connections are first given the
        time to go elsewhere: load balancers by the health status, then every connection
        that reaches its age while no new one can come.
        """
        config = self._config
        await self._health.enter_graceful_shutdown()
        if not await _elapsed(config.lame_duck_seconds, hurry):
            ports.stop_listening(self.port)
            until = time.monotonic() + config.drain_seconds
            while time.monotonic() < until and ports.open_connections(self.port):
                if await _elapsed(_POLL_SECONDS, hurry):
                    break
        self._health.end_watches()
        await self._server.stop(config.grace_seconds)
        self._ticking.cancel()
        # Its end has to be fetched, or asyncio logs that nobody did.
        await asyncio.gather(self._ticking, return_exceptions=True)
        await self.recording.close()
        await self.observation.close()
        self._snapshots.close()


def load(bundle: RulesBundle) -> Snapshots:
    """Load the rules that a server starts by, and try them.

    Raises:
        StartError: They are broken, or the engine fails.
    """
    try:
        return Snapshots(build(bundle))
    except (RulesetError, SelfTestError) as error:
        raise StartError(str(error)) from error


async def start(
    config: ServerConfig, snapshots: Snapshots, host: str, port: int, shared: bool
) -> RunningServer:
    """Start to serve.

    Args:
        config: The settings.
        snapshots: The rules to answer by, which it closes as it stops.
        host: Where to listen.
        port: Likewise; 0 takes a free one.
        shared: Whether other processes listen on the same port.

    Raises:
        StartError: A file of keys or tokens is broken, decisions cannot be recorded as asked
            or the port is taken.
    """
    try:
        security = Security(config)
    except FileError as error:
        raise StartError(str(error)) from None
    clock = LoopClock()
    admission = Admission(config.max_in_flight, config.stall_seconds, clock)
    health = Health()
    try:
        observation = Observation(
            config, Observed(snapshots, admission, health), _SERVICE_OF_METHOD
        )
    except TelemetryError as error:
        raise StartError(str(error)) from None
    calls = UnaryCalls(
        admission,
        security.gate,
        watchers=observation.call_watchers,
        arrival_watchers=observation.arrival_watchers,
    )
    try:
        recording = await Recording.start(config)
    except RecordingError as error:
        raise StartError(str(error)) from None
    recording_metrics.register(observation.sources, recording)
    watchers = (*observation.decision_watchers, *recording.watchers)
    recommending = RecommendationService(snapshots, watchers)
    catalogue = CatalogueService(snapshots)
    await health.show_rules(snapshots.status, _SERVICES)
    server = RevivedServer(options=options(config, shared))
    server.add_generic_rpc_handlers((recommending.handler(calls), catalogue.handler(calls)))
    _add_health_and_reflection(server, config, security, health)
    try:
        bound = security.listen(server, ports.address_of(host, port))
    except RuntimeError:
        await server.stop(None)
        await recording.close()
        address = ports.address_of(host, port)
        raise StartError(f"cannot listen on {address}: address already in use") from None
    await server.start()
    ticking = asyncio.gather(clock.run(), keep_fresh(security.watched))
    return RunningServer(
        server, health, snapshots, config, bound, ticking, observation, recording
    )


def _add_health_and_reflection(
    server: aio.Server, config: ServerConfig, security: Security, health: Health
) -> None:
    """Register health, and reflection if it is wanted."""
    health_pb2_grpc.add_HealthServicer_to_server(health, security.for_health(server))
    if config.reflection:
        names = (*_SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            reflection.aio.ReflectionServicer((*names, reflection.SERVICE_NAME)),
            security.for_reflection(server),
        )


def options(config: ServerConfig, shared: bool) -> list[tuple[str, Any]]:
    """Return gRPC's options for these settings."""
    return [
        ("grpc.max_receive_message_length", config.max_message_bytes),
        ("grpc.max_concurrent_streams", config.max_concurrent_streams),
        ("grpc.max_connection_age_ms", _ms(config.connection_age_seconds)),
        ("grpc.max_connection_age_grace_ms", _ms(config.connection_age_grace_seconds)),
        ("grpc.max_connection_idle_ms", _ms(config.connection_idle_seconds)),
        ("grpc.keepalive_time_ms", _ms(config.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", _ms(config.keepalive_timeout_seconds)),
        ("grpc.keepalive_permit_without_calls", 1),
        (
            "grpc.http2.min_recv_ping_interval_without_data_ms",
            _ms(config.min_ping_interval_seconds),
        ),
        ("grpc.server_handshake_timeout_ms", _ms(config.handshake_timeout_seconds)),
        # gRPC's default is 1: a second server would share a taken port without an error.
        ("grpc.so_reuseport", int(shared)),
    ]


async def serve_until(
    shutdown: Shutdown,
    config: ServerConfig,
    snapshots: Snapshots,
    address: tuple[str, int, bool],
    on_start: Callable[[RunningServer], None],
) -> None:
    """Start, report and serve until `shutdown` is requested, then drain.

    Args:
        shutdown: Ends it.
        config: The settings.
        snapshots: The rules to answer by.
        address: Host, port, and whether the port is shared.
        on_start: Called once it serves.

    Raises:
        StartError: See `start`.
    """
    running = await start(config, snapshots, *address)
    try:
        on_start(running)
        await shutdown.requested.wait()
    except BaseException:
        shutdown.request(hurry=True)
        raise
    finally:
        await running.drain_and_stop(shutdown.hurry)


def run(main: Callable[[Shutdown], Any]) -> None:
    """Run `main` on the fast event loop, with signals already turned into a shutdown."""
    # The engine remembers a million objects, and by Python's own thresholds the collector
    # would look through all of them time and again, some 0.3 s each, for the few cycles that
    # calls leave behind. The young generations stay small, so that their pauses do.
    gc.set_threshold(1_000, 4, 5_000)

    async def with_signals() -> None:
        shutdown = Shutdown()
        shutdown.listen_to_signals()
        await main(shutdown)

    uvloop.run(with_signals())


async def _elapsed(seconds: float, hurry: asyncio.Event) -> bool:
    """Wait, unless there is a hurry; return whether there is."""
    try:
        await asyncio.wait_for(hurry.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
