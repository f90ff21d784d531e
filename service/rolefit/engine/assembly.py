"""Writes what rules say as parts of the contract's Recommendation, each a message.

What a part rests on, its evidence, stands last in every message and is added by `parts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rolefit.engine.answer_parts import STRENGTHS, path_number
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import (
    PATHS,
    UNDETERMINED,
    FindingRule,
    FitRule,
    PayNoteRule,
    Ruleset,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.speech import Speech
from rolefit.engine.templates import Template
from rolefit.v1 import profile_pb2
from rolefit.v1 import recommendation_pb2 as pb

# Open paths rank before closed ones.
OPENNESS = {"YES": 0, "UNKNOWN": 1, "NO": 2}
# The value of a statement about pay with which figures go.
COVERED = "COVERED"


class PartWriter:
    """Writes parts of answers by one rule set.

    Every method takes the facts that the sentence shows; most take the path concluded, which
    the sentence may name.
    """

    def __init__(self, ruleset: Ruleset):
        self._ruleset = ruleset
        self._speech = Speech(ruleset)
        self._bands = {(band.path, band.level): band for band in ruleset.bands}

    def say(self, template: Template, facts: Facts, path: str = UNDETERMINED) -> str:
        """A sentence about the profile."""
        words = {"path": self._ruleset.paths[path].label}
        return self._speech.say(template, facts, words)

    def finding(self, rule: FindingRule, facts: Facts, path: str) -> pb.Finding:
        """A finding whose rule fired."""
        return pb.Finding(
            code=rule.code,
            kind=finding_kind(self._ruleset, rule),
            message=self.say(rule.because, facts, path),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
            convention=rule.convention,
        )

    def reason(self, rule: FitRule, facts: Facts) -> pb.Reason:
        """What speaks for a path or against it, by a rule that fired."""
        return pb.Reason(
            message=self.say(rule.because, facts),
            rule_id=rule.id,
            claims=rule.claims,
            convention=rule.convention,
        )

    def obstacle(self, rule: SignalRule, value: str, facts: Facts) -> pb.Reason:
        """Why a path is none whose condition on a signal of that value is not met."""
        return pb.Reason(
            message=self.say(sentence_of(rule, value), facts),
            rule_id=rule.id,
            claims=rule.claims,
            convention=rule.convention,
        )

    def outranked(self, winner: VerdictRule, facts: Facts) -> pb.Reason:
        """Why a path is none whose conditions are met: an earlier rule came first."""
        return pb.Reason(
            message=self.say(self._ruleset.sentences["outranked"], facts, winner.path),
            rule_id=winner.id,
            claims=winner.claims,
            convention=winner.convention,
        )

    def seat(self, rule: StatementRule, facts: Facts, path: str) -> pb.Seat:
        """What a statement about the seat says."""
        return pb.Seat(
            available=pb.Ternary.Value(f"TERNARY_{rule.value}"),
            message=self.say(rule.because, facts, path),
        )

    def pay_note(self, rule: PayNoteRule, facts: Facts, path: str) -> pb.PayNote:
        """What a note about pay says."""
        return pb.PayNote(
            kind=pb.PayNoteKind.Value(f"PAY_NOTE_KIND_{rule.kind}"),
            message=self.say(rule.because, facts, path),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
        )

    def pay(self, rule: StatementRule, facts: Facts, path: str) -> pb.CompensationPanel:
        """The panel of a statement about pay, but for its notes."""
        coverage = f"COMPENSATION_COVERAGE_{rule.value}"
        panel = pb.CompensationPanel(
            coverage=pb.CompensationCoverage.Value(coverage),
            message=self.say(rule.because, facts, path),
        )
        if rule.value == COVERED:
            bands = self._pay_bands(facts, path)
            panel.bands.extend(bands)
            if overlap := self._pay_overlap(bands):
                panel.overlap.CopyFrom(overlap)
        return panel

    def _pay_overlap(self, bands: list[pb.PayBand]) -> pb.PayOverlap | None:
        """Where all bands agree; None if they do not or there is nothing to compare."""
        if len(bands) < 2:
            return None
        open_ended = all(band.open_ended for band in bands)
        low = max(band.low_usd for band in bands)
        high = min(band.high_usd for band in bands if open_ended or not band.open_ended)
        if low >= high and not open_ended:
            return None
        sentence = self._ruleset.sentences["pay_overlap_open" if open_ended else "pay_overlap"]
        message = sentence.render_words({"low": f"{low:,}", "high": f"{high:,}"})
        return pb.PayOverlap(low_usd=low, high_usd=high, message=message)

    def _pay_bands(self, facts: Facts, path: str) -> list[pb.PayBand]:
        """The bands of both tracks for the level, the recommended path's first."""
        level = str(facts.get("level", ""))
        paths = sorted(PATHS, key=lambda each: each != path)
        bands = (self._bands.get((each, level)) for each in paths)
        return [
            pb.PayBand(
                path=path_number(band.path),
                level=profile_pb2.Level.Value(f"LEVEL_{band.level}"),
                low_usd=band.low,
                high_usd=band.high,
                open_ended=band.open_ended,
                claims=band.claims,
            )
            for band in bands
            if band is not None
        ]


def sentence_of(rule: SignalRule, value: str) -> Template:
    """What a signal says of itself."""
    return {"YES": rule.says_yes, "NO": rule.says_no}.get(value, rule.says_unknown)


def finding_kind(ruleset: Ruleset, rule: FindingRule) -> pb.FindingKind.ValueType:
    """What sort of finding a rule adds."""
    return pb.FindingKind.Value(f"FINDING_KIND_{ruleset.codes[rule.code].kind}")


def open_now(ruleset: Ruleset, signals: Mapping[str, str], path: str) -> str:
    """Whether a path is open now: YES, NO or UNKNOWN."""
    signal = ruleset.paths[path].open_signal
    return signals[signal] if signal else "YES"


def ranked(chosen: str, points: Mapping[str, int], openness: Mapping[str, str]) -> list[str]:
    """All five paths: the recommended first, then by fit, then open before closed."""

    def rank(path: str) -> tuple[bool, int, int, int]:
        return path != chosen, -points[path], OPENNESS[openness[path]], PATHS.index(path)

    return sorted(PATHS, key=rank)
