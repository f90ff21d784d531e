"""Readings in the text format that Prometheus scrapes."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import core
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from rolefit.server.metric_names import METRICS, Kind, Metric
from rolefit.server.metric_values import Labels, Readings, Value

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SAMPLES_AT_ONCE = 100
"""Some half a millisecond's work."""

_HEADER_LINES = 2


async def exposition(readings: Readings) -> bytes:
    """Render readings, every metric there is among them, with or without values.

    It gives way to calls again and again: all of it takes milliseconds, and where one
    process does everything, they would wait for it.
    """
    parts = []
    for metric in METRICS:
        values = list(readings.get(metric.name, {}).items())
        at_once = max(1, _SAMPLES_AT_ONCE // (len(metric.bounds) + 1))
        for start in range(0, max(1, len(values)), at_once):
            text = generate_latest(_OneFamily(metric, values[start : start + at_once]))
            parts.append(text if start == 0 else text.split(b"\n", _HEADER_LINES)[-1])
            await asyncio.sleep(0)
    return b"".join(parts)


class _OneFamily(Collector):
    def __init__(self, metric: Metric, values: Sequence[tuple[Labels, Value]]) -> None:
        self._metric = metric
        self._values = values

    def collect(self) -> Iterator[core.Metric]:
        metric, values = self._metric, self._values
        if metric.kind is Kind.HISTOGRAM:
            histogram = core.HistogramMetricFamily(
                metric.name, metric.about, labels=list(metric.labels)
            )
            for labels, value in values:
                assert isinstance(value, list)
                histogram.add_metric(list(labels), _buckets(metric, value[1:]), value[0])
            yield histogram
            return
        counter = metric.kind is Kind.COUNTER
        kind = core.CounterMetricFamily if counter else core.GaugeMetricFamily
        family = kind(metric.name, metric.about, labels=list(metric.labels))
        for labels, value in values:
            assert not isinstance(value, list)
            family.add_metric(list(labels), value)
        yield family


def _buckets(metric: Metric, counts: list[float]) -> list[tuple[str, float]]:
    """Return the bounds and the counts up to them, as the library wants both."""
    bounds = [*map(str, metric.bounds), "+Inf"]
    return list(zip(bounds, accumulate(counts), strict=True))
