"""Which absent facts keep the signals of one profile unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rolefit.engine.compilation import MET, REFUTED, Alternative
from rolefit.engine.conditions import Test
from rolefit.engine.facts import Facts

UNKNOWN = "UNKNOWN"
# The alternatives of a signal's rule by signal, then by side.
SignalSides = Mapping[str, Mapping[str, tuple[Alternative, ...]]]


class OpenFacts:
    """Traces unknown signals of one profile back to the tests of absent fields below them."""

    def __init__(self, sides: SignalSides, facts: Facts, signals: dict[str, str]):
        self._sides = sides
        self._facts = facts
        self._signals = signals
        self._below: dict[str, tuple[Test, ...]] = {}

    def below(self, signal: str) -> tuple[Test, ...]:
        """Tests of absent fields that keep a signal unknown."""
        if signal not in self._below:
            found: dict[Test, None] = {}
            for side in (MET, REFUTED):
                for test in self.tests(self._sides[signal].get(side, ())):
                    inner = self.below(test.subject) if test.subject in self._sides else (test,)
                    found.update(dict.fromkeys(inner))
            self._below[signal] = tuple(found)
        return self._below[signal]

    def tests(self, alternatives: Iterable[Alternative]) -> tuple[Test, ...]:
        """Unknown tests in those alternatives that can still come true.

        An alternative that another one covers with fewer unknown tests is left out.
        """
        parts: list[tuple[dict[Test, None], bool]] = []
        for alternative in alternatives:
            part = self._unknown_part(alternative)
            if part is not None:
                parts.append(part)
        found: dict[Test, None] = {}
        for unknown, _ in parts:
            if not any(covers and other.keys() < unknown.keys() for other, covers in parts):
                found.update(unknown)
        return tuple(found)

    def _unknown_part(self, alternative: Alternative) -> tuple[dict[Test, None], bool] | None:
        """The unknown tests, and whether every other test is known to hold.

        None if there are no unknown tests or some signal's test fails.
        """
        unknown: dict[Test, None] = {}
        rest_holds = True
        for test in alternative.tests:
            value = self._signals.get(test.subject)
            if value is None and test.subject in self._facts:
                # Whether a test of a known field holds is the rules engine's to say.
                rest_holds = False
            elif value is None or value == UNKNOWN:
                unknown[test] = None
            elif not holds(test, value):
                return None
        return (unknown, rest_holds) if unknown else None


def holds(test: Test, value: str) -> bool:
    """Whether a test of a signal holds for that value of the signal."""
    return value == {"is yes": "YES", "is no": "NO", "is unknown": UNKNOWN}.get(test.op, value)
