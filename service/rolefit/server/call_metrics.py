"""Counts the calls and decisions of one process."""

import time
from collections import Counter, defaultdict

import grpc

from rolefit.server import metric_names as names
from rolefit.server.call import Call
from rolefit.server.metric_values import Histogram, Labels, Sources
from rolefit.server.snapshot import Decision

# Looking a member of an enum up costs more than comparing it.
_OK = grpc.StatusCode.OK


class _ByMethod(dict[str, Histogram]):
    def __missing__(self, method: str) -> Histogram:
        self[method] = Histogram(names.CALL_SECONDS.bounds)
        return self[method]


class CallMetrics:
    """A watcher of calls and of decisions.

    It adds to plain dictionaries, since every call pays for it; whatever a reader of the
    counts needs beyond that is done when they are read.
    """

    def __init__(self) -> None:
        self._answered: defaultdict[str, int] = defaultdict(int)
        self._failed: defaultdict[tuple[str, grpc.StatusCode], int] = defaultdict(int)
        self._call_seconds = _ByMethod()
        self._refusals: Counter[str] = Counter()
        self._decisions: defaultdict[Labels, int] = defaultdict(int)
        self._rules_fired: Counter[str] = Counter()
        self._agenda_size = Histogram(names.AGENDA_SIZE.bounds)
        self._engine_seconds = Histogram(names.ENGINE_SECONDS.bounds)

    def ended(self, call: Call, code: grpc.StatusCode) -> None:
        """Count a call."""
        method = call.method
        self._call_seconds[method].observe(time.perf_counter() - call.began)
        if code is _OK:
            self._answered[method] += 1
            return
        self._failed[method, code] += 1
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            self._refusals[call.refusal] += 1

    def decided(self, decision: Decision) -> None:
        """Count a decision."""
        self._engine_seconds.observe(time.perf_counter() - decision.call.turn)
        answer = decision.answer
        self._decisions[answer.path, answer.certainty] += 1
        self._rules_fired.update(answer.rules_fired)
        self._agenda_size.observe(len(answer.rules_fired))

    def register(self, sources: Sources) -> None:
        """Say how to read the counts."""
        sources.add(names.CALLS, self._read_calls)
        sources.add(names.LIMIT_REFUSALS, lambda: _by_one_label(self._refusals))
        sources.add(names.DECISIONS, lambda: dict(self._decisions))
        sources.add(names.RULES_FIRED, lambda: _by_one_label(self._rules_fired))
        sources.add_histogram(
            names.CALL_SECONDS,
            lambda: {(method,): each for method, each in self._call_seconds.items()},
        )
        sources.add_histogram(names.AGENDA_SIZE, lambda: {(): self._agenda_size})
        sources.add_histogram(names.ENGINE_SECONDS, lambda: {(): self._engine_seconds})

    def _read_calls(self) -> dict[Labels, float]:
        counts: dict[Labels, float] = {
            (method, code.name): count for (method, code), count in self._failed.items()
        }
        counts.update({(method, _OK.name): count for method, count in self._answered.items()})
        return counts


def _by_one_label(counts: Counter[str]) -> dict[Labels, float]:
    return {(label,): count for label, count in counts.items()}
