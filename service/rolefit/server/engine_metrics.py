"""What is read of an engine and of the process, rather than counted call by call."""

import os
import resource
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rolefit.engine.memory import MemoryStatistics
from rolefit.server import metric_names as names
from rolefit.server.metric_values import Labels, Sources
from rolefit.server.snapshot import Snapshots

_STATM = Path("/proc/self/statm")


class CacheMetrics:
    """Reads the caches of the current engine; counts go on when another takes its place."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._hits = _Unbroken()
        self._misses = _Unbroken()

    def register(self, sources: Sources) -> None:
        """Say how to read them."""
        sources.add(
            names.CACHE_HITS,
            lambda: self._hits.carried_on({(c.name,): c.hits for c in self._caches()}),
        )
        sources.add(
            names.CACHE_MISSES,
            lambda: self._misses.carried_on({(c.name,): c.misses for c in self._caches()}),
        )
        sources.add(names.CACHE_ENTRIES, lambda: {(c.name,): c.size for c in self._caches()})
        sources.add(
            names.CACHE_CAPACITY, lambda: {(c.name,): c.capacity for c in self._caches()}
        )

    def _caches(self) -> Iterable[MemoryStatistics]:
        return self._snapshots.current.engine.cache_statistics()


class _Unbroken:
    """Makes a counter that starts again at zero, as a new engine's does, one that goes on.

    A counter that falls while others of the same sum rise would look like any other restart
    of the whole sum, and rates over it would be far too high.
    """

    def __init__(self) -> None:
        self._last: dict[Labels, float] = {}
        self._before: dict[Labels, float] = {}

    def carried_on(self, now: Mapping[Labels, float]) -> Mapping[Labels, float]:
        for labels, last in self._last.items():
            if now.get(labels, 0) < last:
                self._before[labels] = self._before.get(labels, 0) + last
        self._last = dict(now)
        return {
            labels: now.get(labels, 0) + self._before.get(labels, 0)
            for labels in {**self._before, **now}
        }


def register_ruleset(sources: Sources, snapshots: Snapshots) -> None:
    """Say how to read which rule set answers, and since when."""

    def info() -> dict[Labels, float]:
        ruleset = snapshots.current.ruleset
        return {(ruleset.name, ruleset.version, ruleset.digest): 1}

    sources.add(names.RULESET_INFO, info)
    sources.add(names.RULESET_LOADED, lambda: {(): snapshots.current.loaded})


def register_rules(sources: Sources, snapshots: Snapshots) -> None:
    """Show rules that have not fired yet with a zero. To be registered before the counts."""
    sources.add(
        names.RULES_FIRED,
        lambda: {(rule.id,): 0 for rule in snapshots.current.engine.ruleset.rules},
    )


def register_process(sources: Sources) -> None:
    """Say how to read what this process uses."""
    page = os.sysconf("SC_PAGE_SIZE")

    def resident() -> dict[Labels, float]:
        try:
            return {(): int(_STATM.read_text().split()[1]) * page}
        except OSError:  # not Linux: the most it ever was is the best that can be had
            return {(): resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}

    sources.add(names.WORKER_CPU_SECONDS, lambda: {(): time.process_time()})
    sources.add(names.WORKER_RESIDENT_BYTES, resident)
