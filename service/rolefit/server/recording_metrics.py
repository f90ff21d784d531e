"""What is read of the decision log and of shadow evaluation, as metrics."""

from rolefit.server import metric_names as names
from rolefit.server.decision_log import DecisionLog
from rolefit.server.metric_values import Labels, Sources
from rolefit.server.recording import Recording
from rolefit.server.shadow import Shadow


def register(sources: Sources, recording: Recording) -> None:
    """Add the metrics of what is kept of decisions, as far as any of it is."""
    if recording.log is not None:
        _register_log(sources, recording.log)
    if recording.shadow is not None:
        _register_shadow(sources, recording.shadow)


def _register_log(sources: Sources, log: DecisionLog) -> None:
    def records() -> dict[Labels, float]:
        status = log.status()
        return {("written",): status.written, ("lost",): status.lost}

    sources.add(names.DECISION_LOG_RECORDS, records)
    sources.add(names.DECISION_LOG_WAITING, lambda: {(): log.status().waiting})


def _register_shadow(sources: Sources, shadow: Shadow) -> None:
    def decisions() -> dict[Labels, float]:
        status = shadow.status()
        different = sum(status.differing.values()) + sum(status.certainty_differing.values())
        return {
            ("same",): status.compared - different,
            ("different",): different,
            ("failed",): status.failed,
            ("dropped",): status.dropped,
        }

    def differences() -> dict[Labels, float]:
        return dict(shadow.status().differing.items())

    sources.add(names.SHADOW_DECISIONS, decisions)
    sources.add(names.SHADOW_DIFFERENCES, differences)
