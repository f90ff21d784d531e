"""Metrics of real servers, as Prometheus reads them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.people import requests
from rolefit.server.metric_names import METRICS
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_pb2 import Certainty
from rolefit.v1.recommendation_service_pb2 import (
    VIEW_FULL,
    RecommendRequest,
    RecommendResponse,
)

from .calls import EMPTY, channel, refusal, send
from .http2 import grpc_status
from .observing import Samples, free_port, get, scrape
from .processes import ServerProcess, children, eventually
from .test_serving import HalfSent

Start = Callable[..., ServerProcess]
OK_CALLS = ("OK", "Recommend")


class Watched:
    """A server with an HTTP port."""

    def __init__(self, start: Start, *flags: str) -> None:
        self.http = free_port()
        self.server = start("--http-port", str(self.http), *flags)

    def scrape(self) -> Samples:
        return scrape(self.http)


@pytest.fixture(scope="module", params=["1", "2"], ids=["alone", "two workers"])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """A server for tests that only add to its counts."""

    def start(*flags: str) -> ServerProcess:
        return ServerProcess(tmp_path_factory.mktemp("watched"), *flags)

    started = Watched(start, "--workers", request.param)
    yield started
    started.server.stop()


def added(before: Samples, after: Samples, name: str) -> dict[tuple[str, ...], float]:
    """What came to a counter, without what stayed the same."""
    differences = {
        labels: value - before.get(name, {}).get(labels, 0)
        for labels, value in after[name].items()
    }
    return {labels: value for labels, value in differences.items() if value}


def call_over_many_connections(port: int, calls: int) -> None:
    """So many that surely every worker gets some."""
    for _ in range(calls):
        with channel(port) as opened:
            send(opened, EMPTY)


def after_calls(watched: Watched, before: Samples, calls: int) -> Samples:
    """The metrics once that many more calls have ended.

    A refusal reaches its caller a moment before its call ends; an answer does not.
    """

    def scraped() -> Samples | None:
        after = watched.scrape()
        ended = sum(added(before, after, "rolefit_calls_total").values())
        return after if ended >= calls else None

    found: Samples = eventually(scraped, f"{calls} more calls")
    return found


def test_calls_are_counted_over_all_workers(watched: Watched) -> None:
    before = watched.scrape()
    call_over_many_connections(watched.server.port, 30)
    with channel(watched.server.port) as opened:
        refusal(opened, b"\xff")
    after = after_calls(watched, before, 31)
    assert added(before, after, "rolefit_calls_total") == {
        OK_CALLS: 30,
        ("INVALID_ARGUMENT", "Recommend"): 1,
    }
    assert added(before, after, "rolefit_call_seconds_count") == {("Recommend",): 31}
    buckets = added(before, after, "rolefit_call_seconds_bucket")
    assert buckets["+Inf", "Recommend"] == 31
    (seconds,) = added(before, after, "rolefit_call_seconds_sum").values()
    assert 0 < seconds < 31 * 30
    assert added(before, after, "rolefit_engine_seconds_count") == {(): 30}
    assert sum(added(before, after, "rolefit_decisions_total").values()) == 30
    assert after["rolefit_calls_in_flight"] == {(): 0}


def test_decisions_and_rules_are_counted_as_answers_say(watched: Watched) -> None:
    rules: Counter[tuple[str, ...]] = Counter()
    decisions: Counter[tuple[str, ...]] = Counter()
    before = watched.scrape()
    with channel(watched.server.port) as opened:
        for each in requests(12):
            message = RecommendRequest.FromString(each)
            message.view = VIEW_FULL
            answer = send(opened, message.SerializeToString()).recommendation
            rules.update((rule,) for rule in answer.trace.rules_fired)
            path = Path.Name(answer.path).removeprefix("PATH_")
            certainty = Certainty.Name(answer.certainty).removeprefix("CERTAINTY_")
            decisions[certainty, path] += 1
    after = watched.scrape()
    assert added(before, after, "rolefit_rules_fired_total") == rules
    assert added(before, after, "rolefit_decisions_total") == decisions
    assert added(before, after, "rolefit_agenda_size_sum") == {(): sum(rules.values())}
    counted = after["rolefit_rules_fired_total"].values()
    assert min(counted) == 0, "a rule that never fired is there with a zero"


def test_counts_outlive_the_workers_that_counted(start: Start) -> None:
    watched = Watched(start, "--workers", "2")
    call_over_many_connections(watched.server.port, 20)
    assert watched.scrape()["rolefit_calls_total"] == {OK_CALLS: 20}
    supervisor = watched.server.process.pid
    for restarts, victim in enumerate(watched.server.worker_pids, start=1):
        os.kill(victim, signal.SIGKILL)

        def replaced(restarts: int = restarts, victim: int = victim) -> bool:
            seen = watched.scrape()
            assert seen["rolefit_calls_total"] == {OK_CALLS: 20}
            return (
                victim not in children(supervisor)
                and seen["rolefit_worker_restarts_total"] == {(): restarts}
                and seen["rolefit_workers"] == {(): 2}
            )

        eventually(replaced, "a replacement that reports")
    call_over_many_connections(watched.server.port, 20)
    seen = watched.scrape()
    assert seen["rolefit_calls_total"] == {OK_CALLS: 40}
    assert seen["rolefit_engine_seconds_count"] == {(): 40}
    (info,) = seen["rolefit_ruleset_info"].values()
    assert info == 2, "gauges of the dead are gone"


def test_counts_of_a_worker_that_stops_in_order_are_all_kept(start: Start) -> None:
    watched = Watched(start, "--workers", "2", "--drain-seconds", "0")
    call_over_many_connections(watched.server.port, 20)
    os.kill(watched.server.worker_pids[0], signal.SIGTERM)
    os.kill(watched.server.worker_pids[1], signal.SIGTERM)

    def both_restarted() -> bool:
        return watched.scrape()["rolefit_worker_restarts_total"] == {(): 2}

    eventually(both_restarted, "two new workers")
    assert watched.scrape()["rolefit_calls_total"] == {OK_CALLS: 20}


def test_refusals_name_the_limit(start: Start) -> None:
    watched = Watched(
        start, "--workers", "1", "--max-in-flight", "1", "--stall-seconds", "3600"
    )
    with channel(watched.server.port) as opened:
        held = HalfSent(opened)
        eventually(lambda: watched.scrape()["rolefit_calls_in_flight"][()] == 1, "a call")
        error = refusal(opened, EMPTY)
        assert isinstance(error, grpc.RpcError)
        seen = after_calls(watched, {}, 1)
        assert seen["rolefit_limit_refusals_total"] == {("OVERLOADED",): 1}
        assert seen["rolefit_calls_in_flight_limit"] == {(): 1}
        held.finish()
        held.future.result()


def test_too_large_a_request_is_counted(start: Start) -> None:
    watched = Watched(start, "--workers", "1", "--max-message-bytes", "1000")
    path = "/rolefit.v1.RecommendationService/Recommend"
    body = b"\0" + (1001).to_bytes(4, "big") + bytes(1001)
    assert grpc_status(watched.server.port, path, body) == 8
    # gRPC refuses it by itself, and all that is seen of it here is that the call was over.
    cancelled = {("CANCELLED", "Recommend"): 1}
    eventually(
        lambda: watched.scrape()["rolefit_calls_total"] == cancelled, "the call is counted"
    )


def test_a_cancelled_call_is_counted(start: Start) -> None:
    watched = Watched(start, "--workers", "1")
    with channel(watched.server.port) as opened:
        held = HalfSent(opened)
        eventually(lambda: watched.scrape()["rolefit_calls_in_flight"][()] == 1, "a call")
        held.future.cancel()
        cancelled = ("CANCELLED", "Recommend")
        eventually(
            lambda: cancelled in watched.scrape()["rolefit_calls_total"], "its cancellation"
        )
        assert watched.scrape()["rolefit_calls_in_flight"] == {(): 0}


def test_every_metric_is_there_from_the_start(watched: Watched) -> None:
    _, text = get(watched.http, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {metric.name.removesuffix("_total") for metric in METRICS}
    for metric in METRICS:
        family = families[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind.value, metric.about)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)


def test_the_ruleset_is_named_with_its_age(watched: Watched) -> None:
    with channel(watched.server.port) as opened:
        answer: RecommendResponse = send(opened, EMPTY)
    seen = watched.scrape()
    used = answer.ruleset
    workers = seen["rolefit_workers_wanted"][()]
    assert seen["rolefit_ruleset_info"] == {(used.digest, used.name, used.version): workers}
    (loaded,) = seen["rolefit_ruleset_loaded_timestamp_seconds"].values()
    assert loaded >= os.stat(watched.server.port_file.parent).st_ctime - 60
    assert seen["rolefit_worker_resident_bytes"][()] > 10e6 * workers
    assert seen["rolefit_worker_cpu_seconds_total"][()] > 0
