"""What watching costs a call: `python -m bench.watchers` prints microseconds for each watcher.

It calls the watchers with real decisions as the server does, without gRPC, in rounds that
take turns; the median round counts. Then it prints what a scrape costs.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc

from bench.people import requests
from rolefit.engine import Engine, load_ruleset
from rolefit.server import engine_metrics
from rolefit.server.call import Call
from rolefit.server.call_metrics import CallMetrics
from rolefit.server.config import ServerConfig
from rolefit.server.metric_values import Sources
from rolefit.server.metrics_exposition import exposition
from rolefit.server.report import Report
from rolefit.server.snapshot import Decision, Snapshot, Snapshots
from rolefit.server.telemetry import Tracing, tracing
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

_CALLS = 500
_ROUNDS = 15
_UNREACHED = "http://127.0.0.1:9"
_CALLER = SimpleNamespace(
    invocation_metadata=lambda: (
        ("user-agent", "grpc-python/1.85.1"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    )
)
_NOBODY = SimpleNamespace(invocation_metadata=lambda: (("user-agent", "grpc-python/1.85.1"),))


def main() -> None:
    """Measure and print."""
    snapshots = Snapshots(Snapshot.of(Engine(load_ruleset(None))))
    decisions = _decisions(snapshots.current)
    metrics = CallMetrics()
    never = _tracing(0.0)
    always = _tracing(1.0)

    def counted(decision: Decision) -> None:
        metrics.decided(decision)
        metrics.ended(decision.call, grpc.StatusCode.OK)

    cases: dict[str, Callable[[Decision], None]] = {
        "nothing (the loop itself)": lambda decision: None,
        "metrics": counted,
        "traces, none sampled": _traced(never, _NOBODY),
        "traces, every call sampled": _traced(always, _CALLER),
    }
    rounds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(_ROUNDS):
        for name, watch in cases.items():
            began = time.thread_time()
            for decision in decisions:
                watch(decision)
            rounds[name].append((time.thread_time() - began) / len(decisions) * 1e6)
    base = statistics.median(rounds["nothing (the loop itself)"])
    for name, values in rounds.items():
        print(f"{name:30} {statistics.median(values) - base:8.2f} µs a call")
    _collect(snapshots, metrics)


def _decisions(snapshot: Snapshot) -> list[Decision]:
    found = []
    for number, message in enumerate(requests(_CALLS)):
        call = Call("Recommend", f"{number:032x}")
        call.turn = call.began
        profile = RecommendRequest.FromString(message).profile
        answer = snapshot.engine.answer(snapshot.engine.observe(profile))
        found.append(Decision(call, snapshot, answer))
    return found


def _tracing(ratio: float) -> Tracing:
    config = ServerConfig(otlp_endpoint=_UNREACHED, trace_ratio=ratio)
    made = tracing(config, {"Recommend": "rolefit.v1.RecommendationService"})
    assert made is not None
    return made


def _traced(traces: Tracing, context: Any) -> Callable[[Decision], None]:
    def watch(decision: Decision) -> None:
        traces.arrived(decision.call, context)
        traces.decided(decision)
        traces.ended(decision.call, grpc.StatusCode.OK)

    return watch


def _collect(snapshots: Snapshots, metrics: CallMetrics) -> None:
    sources = Sources()
    engine_metrics.register_rules(sources, snapshots)
    metrics.register(sources)
    engine_metrics.register_ruleset(sources, snapshots)
    engine_metrics.register_process(sources)
    steps: dict[str, Callable[[], Any]] = {
        "a report, in the worker": lambda: Report(True, sources.read()).to_line(),
        "reading it, in the supervisor": lambda: Report.from_line(line),
        "the text for Prometheus": lambda: asyncio.run(exposition(readings)),
    }
    readings = sources.read()
    line = Report(True, readings).to_line()
    for name, step in steps.items():
        took = []
        for _ in range(50):
            began = time.thread_time()
            step()
            took.append(time.thread_time() - began)
        print(f"{name:30} {statistics.median(took) * 1e6:8.0f} µs ({len(line):,} bytes)")


if __name__ == "__main__":
    main()
