"""The truth of conditions in three values: True, False, and None for unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH, Any, Condition, Not, Test
from rolefit.engine.outcome import Outcome
from rolefit.engine.vocabulary import FactValue

Truth = bool | None


@dataclass(frozen=True)
class Known:
    """What tests look at: known fields and the answer, and YES, NO or UNKNOWN by signal."""

    values: Mapping[str, FactValue]
    signals: Mapping[str, str]

    @staticmethod
    def of(outcome: Outcome) -> Known:
        """What the rules of an outcome saw."""
        verdict = outcome.verdict
        answer = {ANSWER_PATH: verdict.path, ANSWER_CERTAINTY: verdict.certainty}
        return Known({**outcome.facts, **answer}, outcome.signals)

    def truth(self, test: Test) -> Truth:
        """Whether a test is true."""
        signal = self.signals.get(test.subject)
        known = test.subject in self.values if signal is None else signal != "UNKNOWN"
        if test.op in ("is known", "is unknown"):
            return known is (test.op == "is known")
        if not known:
            return None
        if signal is None:
            return test.accepts(self.values[test.subject])
        return test.op == f"is {signal.lower()}"


def combine(condition: Condition, truths: Sequence[Truth]) -> Truth:
    """The truth of a condition, given that of its tests in reading order."""
    return _combine(condition, iter(truths))


def _combine(condition: Condition, truths: Iterator[Truth]) -> Truth:
    if isinstance(condition, Test):
        return next(truths)
    if isinstance(condition, Not):
        inner = _combine(condition.part, truths)
        return None if inner is None else not inner
    parts = [_combine(part, truths) for part in condition.parts]
    settles = isinstance(condition, Any)
    if settles in parts:
        return settles
    return None if None in parts else not settles
