"""How metrics of several processes, and of one engine after another, become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from rolefit.server import metric_names as names
from rolefit.server.engine_metrics import CacheMetrics
from rolefit.server.metric_values import Histogram, Readings, Sources, lasting, merged
from rolefit.server.report import Report
from rolefit.server.snapshot import Snapshots


def readings(calls: int, loaded: float, *seconds: float) -> Readings:
    histogram = Histogram(names.AGENDA_SIZE.bounds)
    for value in seconds:
        histogram.observe(value)
    sources = Sources()
    sources.add(names.CALLS, lambda: {("Recommend", "OK"): calls})
    sources.add(names.CALLS_IN_FLIGHT, lambda: {(): 1})
    sources.add(names.RULESET_LOADED, lambda: {(): loaded})
    sources.add_histogram(names.AGENDA_SIZE, lambda: {(): histogram})
    return sources.read()


def test_workers_add_up() -> None:
    both = merged([readings(3, 200.0, 10.0, 11.0), readings(4, 100.0, 999.0)])
    assert both[names.CALLS.name] == {("Recommend", "OK"): 7}
    assert both[names.CALLS_IN_FLIGHT.name] == {(): 2}
    assert both[names.RULESET_LOADED.name] == {(): 100.0}
    (agenda,) = both[names.AGENDA_SIZE.name].values()
    assert isinstance(agenda, list)
    # The sum; up to 10, up to 20, and beyond all bounds.
    assert (agenda[0], agenda[1], agenda[2], agenda[-1]) == (1020.0, 1, 1, 1)


def test_of_a_worker_that_ended_the_counts_last_and_the_gauges_do_not() -> None:
    left = lasting(readings(3, 100.0, 5.0))
    assert set(left) == {names.CALLS.name, names.AGENDA_SIZE.name}
    assert merged([left, readings(1, 300.0)])[names.RULESET_LOADED.name] == {(): 300.0}


def test_a_report_arrives_as_it_was_sent() -> None:
    sent = Report(True, readings(3, 100.25, 5.0))
    line = sent.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert Report.from_line(line) == sent


@dataclass
class Cache:
    """What an engine says of a cache."""

    name: str
    hits: int
    misses: int
    size: int
    capacity: int


class CachingEngine:
    """An engine, as far as its caches are looked at."""

    def __init__(self, *caches: Cache) -> None:
        self.cache_statistics = lambda: caches


class Holder:
    """The current snapshot, as far as its engine is looked at."""

    def __init__(self) -> None:
        self.current: Any = self
        self.engine: Any = CachingEngine()


@pytest.fixture
def holder() -> Holder:
    return Holder()


def caches(sources: Sources, metric: names.Metric) -> dict[Any, Any]:
    return dict(sources.read()[metric.name])


def test_counts_of_caches_go_on_when_another_engine_takes_over(holder: Holder) -> None:
    sources = Sources()
    CacheMetrics(cast(Snapshots, holder)).register(sources)
    assert caches(sources, names.CACHE_HITS) == {}
    holder.engine = CachingEngine(Cache("verdicts", 90, 10, 7, 100))
    assert caches(sources, names.CACHE_HITS) == {("verdicts",): 90}
    assert caches(sources, names.CACHE_ENTRIES) == {("verdicts",): 7}
    assert caches(sources, names.CACHE_CAPACITY) == {("verdicts",): 100}
    holder.engine = CachingEngine(Cache("verdicts", 2, 3, 3, 100))
    assert caches(sources, names.CACHE_HITS) == {("verdicts",): 92}
    assert caches(sources, names.CACHE_MISSES) == {("verdicts",): 13}
    assert caches(sources, names.CACHE_ENTRIES) == {("verdicts",): 3}
    holder.engine = CachingEngine(Cache("fits", 1, 1, 1, 100))
    assert caches(sources, names.CACHE_HITS) == {("verdicts",): 92, ("fits",): 1}
    assert caches(sources, names.CACHE_HITS) == {("verdicts",): 92, ("fits",): 1}
