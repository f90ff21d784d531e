"""Readings in the text format that Prometheus scrapes."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import core
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from rolefit.server.metric_names import METRICS, Kind, Metric
from rolefit.server.metric_values import Labels, Readings, Value

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition(readings: Readings) -> bytes:
    """Render readings, every metric there is among them, with or without values."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(readings))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def describe(self) -> list[core.Metric]:
        return []  # that the registry need not collect everything to learn the names

    def collect(self) -> Iterator[core.Metric]:
        for metric in METRICS:
            yield _family(metric, self._readings.get(metric.name, {}))


def _family(metric: Metric, values: dict[Labels, Value]) -> core.Metric:
    if metric.kind is Kind.HISTOGRAM:
        histogram = core.HistogramMetricFamily(
            metric.name, metric.about, labels=list(metric.labels)
        )
        for labels, value in values.items():
            assert isinstance(value, list)
            histogram.add_metric(list(labels), _buckets(metric, value[1:]), value[0])
        return histogram
    kind = core.CounterMetricFamily if metric.kind is Kind.COUNTER else core.GaugeMetricFamily
    family = kind(metric.name, metric.about, labels=list(metric.labels))
    for labels, value in values.items():
        assert not isinstance(value, list)
        family.add_metric(list(labels), value)
    return family


def _buckets(metric: Metric, counts: list[float]) -> list[tuple[str, float]]:
    """Return the bounds and the counts up to them, as the library wants both."""
    bounds = [*map(str, metric.bounds), "+Inf"]
    return list(zip(bounds, accumulate(counts), strict=True))
