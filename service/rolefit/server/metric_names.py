"""Every metric of a server: its name, meaning and labels, and how workers' values add up."""

import enum
from dataclasses import dataclass


class Kind(str, enum.Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Across(enum.Enum):
    """How the values of a gauge in several workers become one."""

    SUM = "sum"
    LEAST = "least"


@dataclass(frozen=True)
class Metric:
    """A family of values that differ in their labels.

    Attributes:
        name: As Prometheus shows it; a counter's ends in `_total`.
        kind: What it is.
        about: What it says, with its unit, in one sentence.
        labels: Names of its labels.
        bounds: Upper bounds of a histogram's buckets, ascending, without infinity.
        across: How workers' gauges become one; counters and histograms always add up.
    """

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    across: Across = Across.SUM


def _counter(name: str, about: str, *labels: str) -> Metric:
    return Metric(f"rolefit_{name}_total", Kind.COUNTER, about, labels)


def _gauge(name: str, about: str, *labels: str, across: Across = Across.SUM) -> Metric:
    return Metric(f"rolefit_{name}", Kind.GAUGE, about, labels, across=across)


def _histogram(name: str, about: str, *labels: str, bounds: tuple[float, ...]) -> Metric:
    return Metric(f"rolefit_{name}", Kind.HISTOGRAM, about, labels, bounds)


CALLS = _counter("calls", "Calls that ended, by their status code.", "method", "code")
CALL_SECONDS = _histogram(
    "call_seconds",
    "Time from a call's arrival to its end, waiting included. Unit: seconds.",
    "method",
    bounds=(
        *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
        *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    ),
)
ENGINE_SECONDS = _histogram(
    "engine_seconds",
    "Time from a Recommend call's turn to its decision: parsing, validation and the engine. "
    "Unit: seconds.",
    bounds=(
        *(0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005),
        *(0.001, 0.0025, 0.005, 0.01, 0.1, 1.0),
    ),
)
CALLS_IN_FLIGHT = _gauge("calls_in_flight", "Calls that hold a place now.")
CALLS_IN_FLIGHT_LIMIT = _gauge(
    "calls_in_flight_limit", "Places for calls, over all workers (--max-in-flight each)."
)
LIMIT_REFUSALS = _counter(
    "limit_refusals",
    "Calls refused because a limit was reached, by the reason that ErrorInfo names.",
    "limit",
)
DECISIONS = _counter("decisions", "Answers to Recommend.", "path", "certainty")
RULES_FIRED = _counter("rules_fired", "Decisions in which a rule fired.", "rule")
AGENDA_SIZE = _histogram(
    "agenda_size",
    "Rules that fired in a decision.",
    bounds=(10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0),
)
CACHE_HITS = _counter("cache_hits", "Look-ups that a cache of the engine answered.", "cache")
CACHE_MISSES = _counter("cache_misses", "Look-ups that it could not.", "cache")
CACHE_ENTRIES = _gauge("cache_entries", "Entries that the caches hold now.", "cache")
CACHE_CAPACITY = _gauge("cache_capacity", "Entries that they may hold.", "cache")
RULESET_INFO = _gauge(
    "ruleset_info",
    "Workers that answer by this rule set.",
    *("name", "version", "digest"),
)
RULESET_LOADED = _gauge(
    "ruleset_loaded_timestamp_seconds",
    "When the rule set was loaded that has answered for longest; its age is time() less this. "
    "Unit: seconds since 1970.",
    across=Across.LEAST,
)
RULESET_RELOADS = _counter(
    "ruleset_reloads", "Rule sets put forward while serving: loaded or failed.", "outcome"
)
DECISION_LOG_RECORDS = _counter(
    "decision_log_records", "Records for the decision log: written or lost.", "outcome"
)
DECISION_LOG_WAITING = _gauge("decision_log_waiting", "Records that are still to be written.")
SHADOW_DECISIONS = _counter(
    "shadow_decisions",
    "Decisions put to the candidate rule set: same, different, failed, or dropped for lack "
    "of room in the queue.",
    "outcome",
)
SHADOW_DIFFERENCES = _counter(
    "shadow_differences",
    "Decisions in which the candidate rule set differs.",
    *("from_path", "to_path"),
)
WORKERS = _gauge("workers", "Workers that serve now.")
WORKERS_WANTED = _gauge("workers_wanted", "Workers that should serve (--workers).")
WORKER_RESTARTS = _counter("worker_restarts", "Workers started in place of one that ended.")
WORKER_CPU_SECONDS = _counter(
    "worker_cpu_seconds", "Processor time of all workers. Unit: seconds."
)
WORKER_RESIDENT_BYTES = _gauge(
    "worker_resident_bytes", "Resident memory of all workers. Unit: bytes."
)

METRICS: tuple[Metric, ...] = (
    CALLS,
    CALL_SECONDS,
    CALLS_IN_FLIGHT,
    CALLS_IN_FLIGHT_LIMIT,
    LIMIT_REFUSALS,
    ENGINE_SECONDS,
    DECISIONS,
    RULES_FIRED,
    AGENDA_SIZE,
    CACHE_HITS,
    CACHE_MISSES,
    CACHE_ENTRIES,
    CACHE_CAPACITY,
    RULESET_INFO,
    RULESET_LOADED,
    RULESET_RELOADS,
    SHADOW_DECISIONS,
    SHADOW_DIFFERENCES,
    DECISION_LOG_RECORDS,
    DECISION_LOG_WAITING,
    WORKERS,
    WORKERS_WANTED,
    WORKER_RESTARTS,
    WORKER_CPU_SECONDS,
    WORKER_RESIDENT_BYTES,
)
