"""Traces of real servers, as a collector gets them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from rolefit.v1.profile_pb2 import CandidateProfile, Engineering
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

from .calls import EMPTY, channel, refusal, send
from .processes import ServerProcess, clean_environment, eventually, run_command
from .trace_collector import Received, TraceCollector

Start = Callable[..., ServerProcess]
RECOMMEND = "rolefit.v1.RecommendationService/Recommend"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture
def collector() -> Iterator[TraceCollector]:
    with TraceCollector() as opened:
        yield opened


def traceparent(sampled: bool) -> tuple[tuple[str, str], ...]:
    return (("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-0{int(sampled)}"),)


def only(collector: TraceCollector) -> Received:
    eventually(lambda: collector.received, "a span")
    (received,) = collector.received
    return received


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_call_is_a_span_of_its_callers_trace(
    workers: str, start: Start, collector: TraceCollector
) -> None:
    server = start(
        *("--workers", workers, "--otlp-endpoint", collector.endpoint),
        *("--trace-ratio", "0"),
        **SOON,
    )
    with channel(server.port) as opened:
        send(opened, EMPTY, metadata=traceparent(sampled=False))
        send(opened, EMPTY)
        answer = send(opened, EMPTY, metadata=traceparent(sampled=True))
    received = only(collector)
    span = received.span
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert (span.name, span.kind) == (RECOMMEND, Span.SPAN_KIND_SERVER)
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 30e9
    assert received.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": RECOMMEND,
        "rpc.response.status_code": "OK",
        "rolefit.decision_id": answer.decision_id,
        "rolefit.path": "UNDETERMINED",
        "rolefit.certainty": "UNDETERMINED",
        "rolefit.ruleset.digest": answer.ruleset.digest,
    }
    assert received.resource["service.name"] == "rolefit"
    assert received.resource["service.instance.id"]


def test_a_refused_call_says_why(start: Start, collector: TraceCollector) -> None:
    server = start(
        *("--workers", "1", "--otlp-endpoint", collector.endpoint, "--trace-ratio", "1"),
        **SOON,
    )
    secret = 987_654
    bad = RecommendRequest(
        profile=CandidateProfile(engineering=Engineering(years_software=-secret))
    )
    with channel(server.port) as opened:
        refusal(opened, bad.SerializeToString(), metadata=(("traceparent", "nonsense"),))
    received = only(collector)
    assert received.span.parent_span_id == b""
    assert received.attributes["rpc.response.status_code"] == "INVALID_ARGUMENT"
    assert received.attributes["error.type"] == "INVALID_FIELD"
    assert received.span.status.code == Status.STATUS_CODE_UNSET, "the caller's fault"
    assert str(secret) not in str(received), "nothing of a profile"


def test_the_standard_variables_suffice_and_a_stop_sends_the_rest(
    start: Start, collector: TraceCollector
) -> None:
    server = start(
        *("--workers", "1"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
        OTEL_TRACES_SAMPLER="always_on",
        OTEL_SERVICE_NAME="fit",
        OTEL_BSP_SCHEDULE_DELAY="3600000",
    )
    with channel(server.port) as opened:
        for _ in range(3):
            send(opened, EMPTY)
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert [each.resource["service.name"] for each in collector.received] == ["fit"] * 3


def test_a_collector_that_is_gone_costs_no_call_and_no_stop(start: Start) -> None:
    server = start(
        *("--workers", "1", "--otlp-endpoint", "http://127.0.0.1:9", "--trace-ratio", "1"),
        **SOON,
    )
    with channel(server.port) as opened:
        for _ in range(20):
            send(opened, EMPTY)
    server.signal(signal.SIGINT)
    assert server.wait() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_endpoint_that_is_none_is_one_clear_line(workers: str) -> None:
    done = run_command(
        *("serve", "--port", "0", "--workers", workers, "--otlp-endpoint", "127.0.0.1:4318")
    )
    assert done.returncode == 1
    assert done.stderr == (
        "rolefit-server: --otlp-endpoint must be an http or https URL, was '127.0.0.1:4318'\n"
    )


WITHOUT_THE_EXTRA = """
import sys
sys.modules["opentelemetry"] = None
from rolefit.server.__main__ import main
main()
"""


def test_a_missing_extra_is_one_clear_line() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c", WITHOUT_THE_EXTRA, "serve", "--port", "0"),
            *("--workers", "1", "--otlp-endpoint", "http://127.0.0.1:4318"),
        ],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("rolefit-server: --otlp-endpoint: traces need ")
    assert "pip install 'rolefit[telemetry]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_nothing_of_it_is_loaded_unless_asked_for() -> None:
    code = (
        "import sys, rolefit.server.serving; "
        "sys.exit(any(name in sys.modules for name in ('opentelemetry', 'prometheus_client')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
