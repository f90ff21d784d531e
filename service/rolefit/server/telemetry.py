"""OpenTelemetry traces: one server span for each call, within the trace of its caller.

The SDK comes with the extra rolefit[telemetry] and is imported only if traces are wanted.
Names follow the semantic conventions for RPC. Nothing of a profile goes into a span.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, cast

import grpc

from rolefit.server import log
from rolefit.server.call import Call
from rolefit.server.config import ServerConfig
from rolefit.server.snapshot import Decision

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_TRACES_PATH = "/v1/traces"
_CONTEXT_KEYS = frozenset(("traceparent", "tracestate"))
_FAULTS_OF_THE_SERVER = frozenset(
    (
        *(grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED),
        *(grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL),
        *(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS),
    )
)
"""Codes that make a server's span an error, by the conventions; others blame the caller."""


class TelemetryError(Exception):
    """Traces are wanted and cannot be had; `str()` is one line that says why."""


def tracing(config: ServerConfig, services: dict[str, str]) -> Tracing | None:
    """Return what traces calls, if the flag or the standard variables name an endpoint.

    Args:
        config: The settings.
        services: By name of a method, the full name of its service.

    Raises:
        TelemetryError: The flag is no URL, or the SDK is not installed.
    """
    endpoint = config.otlp_endpoint
    if not endpoint and not _wanted_by_environment():
        return None
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise TelemetryError(f"--otlp-endpoint must be an http or https URL, was {endpoint!r}")
    try:
        provider = _provider(config)
    except ModuleNotFoundError as error:
        reason = f"traces need {error.name}; pip install 'rolefit[telemetry]'"
        if endpoint:
            raise TelemetryError(f"--otlp-endpoint: {reason}") from None
        # Such variables are often set for everything in a cluster.
        log.logger().warning("no traces", cause=reason)
        return None
    return Tracing(provider, services)


def _wanted_by_environment() -> bool:
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp":
        return False
    return any(os.environ.get(name) for name in _ENDPOINT_VARIABLES)


def _provider(config: ServerConfig) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    sampler = None  # the SDK's own choice, from its variables
    if "OTEL_TRACES_SAMPLER" not in os.environ:
        sampler = ParentBased(TraceIdRatioBased(config.trace_ratio))
    resource = Resource.create({"service.instance.id": f"{os.uname().nodename}:{os.getpid()}"})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "rolefit"}))
    provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
    endpoint = config.otlp_endpoint.rstrip("/") + _TRACES_PATH if config.otlp_endpoint else None
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class Tracing:
    """A watcher of arrivals, decisions and ends of calls.

    Args:
        provider: Makes spans and sends them, from a thread of its own.
        services: By name of a method, the full name of its service.
    """

    def __init__(self, provider: TracerProvider, services: dict[str, str]) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("rolefit.server")
        self._extract = TraceContextTextMapPropagator().extract
        self._server_kind = trace.SpanKind.SERVER
        self._error = trace.Status(trace.StatusCode.ERROR)
        self._names = {method: f"{service}/{method}" for method, service in services.items()}
        # The spans of calls that run, by the id of the call.
        self._open: dict[str, trace.Span] = {}

    def arrived(self, call: Call, context: Any) -> None:
        """Begin the span of a call, as a child of the caller's."""
        metadata = context.invocation_metadata() or ()
        carrier = {key: value for key, value in metadata if key in _CONTEXT_KEYS}
        name = self._names[call.method]
        span = self._tracer.start_span(
            name,
            context=self._extract(carrier) if carrier else None,
            kind=self._server_kind,
            attributes={
                "rpc.system.name": "grpc",
                "rpc.method": name,
                "rolefit.decision_id": call.id,
            },
        )
        if span.is_recording():
            self._open[call.id] = span

    def decided(self, decision: Decision) -> None:
        """Note in the span what was decided."""
        span = self._open.get(decision.call.id)
        if span is not None:
            span.set_attributes(
                {
                    "rolefit.path": decision.answer.path,
                    "rolefit.certainty": decision.answer.certainty,
                    "rolefit.ruleset.digest": decision.snapshot.ruleset.digest,
                }
            )

    def ended(self, call: Call, code: grpc.StatusCode) -> None:
        """End the span."""
        span = self._open.pop(call.id, None)
        if span is None:
            return
        span.set_attribute("rpc.response.status_code", code.name)
        if code is not grpc.StatusCode.OK:
            span.set_attribute("error.type", call.refusal or code.name)
        if code in _FAULTS_OF_THE_SERVER:
            span.set_status(self._error)
        span.end()

    def flush(self, seconds: float) -> None:
        """Send what is left; what a collector does not take within `seconds` is lost.

        It waits, though never longer than that, which the SDK alone would: a collector that
        hangs must not keep a server from stopping.
        """
        sender = threading.Thread(target=self._provider.shutdown, daemon=True)
        sender.start()
        sender.join(seconds)


def services_of(*descriptors: Any) -> dict[str, str]:
    """Return by name of a method the full name of its service."""
    return {
        method.name: cast(str, service.full_name)
        for service in descriptors
        for method in service.methods
    }
