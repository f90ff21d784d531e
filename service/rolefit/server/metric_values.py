"""Values of metrics: read in one process, carried to another, added up."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from rolefit.server.metric_names import METRICS, Across, Kind, Metric

Labels = tuple[str, ...]
Value = float | list[float]
"""A number; of a histogram, the sum of what it saw and then the count of every bucket."""

Readings = dict[str, dict[Labels, Value]]
"""By metric, the values by their labels."""

Source = Callable[[], Mapping[Labels, float]]

_BY_NAME = {metric.name: metric for metric in METRICS}


class Histogram:
    """Counts values by size, in a fifth of the time that prometheus-client's own takes.

    Args:
        bounds: Upper bounds of the buckets, ascending; one for all above comes on top.
    """

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def reading(self) -> list[float]:
        """Return the sum and the counts."""
        return [self._sum, *self._counts]


class Sources:
    """Where a process reads its metrics from.

    Whoever counts keeps its counts as it likes, at no cost, and says here how to read them.
    """

    def __init__(self) -> None:
        self._values: list[tuple[Metric, Source]] = []
        self._histograms: list[tuple[Metric, Callable[[], Mapping[Labels, Histogram]]]] = []

    def add(self, metric: Metric, source: Source) -> None:
        """Read a counter or gauge with `source`, which returns its values by their labels."""
        self._values.append((metric, source))

    def add_histogram(
        self, metric: Metric, source: Callable[[], Mapping[Labels, Histogram]]
    ) -> None:
        """Read a histogram likewise."""
        self._histograms.append((metric, source))

    def read(self) -> Readings:
        """Read everything."""
        readings: Readings = {}
        for metric, source in self._values:
            readings.setdefault(metric.name, {}).update(source())
        for metric, histograms in self._histograms:
            values = {labels: each.reading() for labels, each in histograms().items()}
            readings.setdefault(metric.name, {}).update(values)
        return readings


Rows = dict[str, list[list[str | Value]]]
"""Readings for JSON: by metric, rows of labels followed by the value."""


def to_rows(readings: Readings) -> Rows:
    """Render readings for JSON."""
    return {name: [[*key, value] for key, value in by.items()] for name, by in readings.items()}


def from_rows(rows: Rows) -> Readings:
    """Read what `to_rows` made, after JSON."""
    return {
        name: {tuple(map(str, row[:-1])): cast(Value, row[-1]) for row in each}
        for name, each in rows.items()
    }


def merged(parts: Iterable[Readings]) -> Readings:
    """Make one of the readings of several processes."""
    total: Readings = {}
    for part in parts:
        for name, values in part.items():
            into = total.setdefault(name, {})
            least = _BY_NAME[name].across is Across.LEAST
            for labels, value in values.items():
                into[labels] = _joined(into[labels], value, least) if labels in into else value
    return total


def lasting(readings: Readings) -> Readings:
    """Return what still counts once the process has ended: all but its gauges."""
    return {
        name: values
        for name, values in readings.items()
        if _BY_NAME[name].kind is not Kind.GAUGE
    }


def _joined(a: Value, b: Value, least: bool) -> Value:
    if isinstance(a, list) and isinstance(b, list):
        return [x + y for x, y in zip(a, b, strict=True)]
    assert not isinstance(a, list)
    assert not isinstance(b, list)
    return min(a, b) if least else a + b
