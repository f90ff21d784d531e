"""Where in an answer the parts of each rule stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from rolefit.engine.assembly import PartWriter, finding_kind, sentence_of
from rolefit.engine.explanation import Evidence
from rolefit.engine.facts import Facts
from rolefit.engine.parts import Part, PartMaker
from rolefit.engine.ruleset import (
    PATHS,
    FindingRule,
    FitRule,
    PayNoteRule,
    Rule,
    Ruleset,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.wire import serialised
from rolefit.v1 import recommendation_pb2 as pb

# A sentence, and the part that says it: no sentence is said twice against one path.
Said = tuple[str, bytes]
# The parts of one rule, by place.
RuleParts = list[tuple[int, Part[Any]]]

_ANSWER = pb.Recommendation.DESCRIPTOR.fields_by_name
_ASSESSMENT = pb.PathAssessment.DESCRIPTOR.fields_by_name
_PANEL = pb.CompensationPanel.DESCRIPTOR.fields_by_name


class Places:
    """Where in an answer the parts of each rule stand, and the parts themselves.

    Args:
        ruleset: The rules.
        writer: Writes what they say.
        maker: Makes parts of that.

    Attributes:
        blank: A part for every place, none of them written.
        findings: Places of findings, principal ones first.
        basic: For each of them the part in the smallest view.
        reasons: Places of what speaks for a path, weighty reasons first; by path.
        against: Places of what speaks against it, likewise; each holds what was said.
        notes: Places of notes about pay.
        seats: Places of statements about the seat; the first counts.
        pays: Places of statements about pay; the first counts, and holds the rule.
    """

    def __init__(self, ruleset: Ruleset, writer: PartWriter, maker: PartMaker):
        self._ruleset = ruleset
        self._writer = writer
        self._maker = maker
        self._of: dict[tuple[str, str], int] = {}
        self.blank: list[Any] = []
        findings = sorted(ruleset.findings, key=lambda rule: ruleset.codes[rule.code].rank)
        self.findings = self._room(findings)
        self.basic = [_basic(ruleset, rule) for rule in findings]
        self.reasons, self.against = {}, {}
        for path in PATHS:
            fits = [rule for rule in ruleset.fits if path in rule.paths]
            fits.sort(key=lambda rule: -abs(rule.points))
            self.reasons[path] = self._room([r for r in fits if r.points > 0], path)
            self.against[path] = self._room([r for r in fits if r.points < 0], path)
        self.notes = self._room(ruleset.pay_notes)
        self.seats = self._room([r for r in ruleset.statements if r.topic == "seat"])
        self.pays = self._room([r for r in ruleset.statements if r.topic == "pay"])

    def _room(self, rules: Sequence[Rule], path: str = "") -> slice:
        start = len(self.blank)
        for rule in rules:
            self._of[rule.id, path] = len(self.blank)
            self.blank.append(b"")
        return slice(start, len(self.blank))

    def parts(self, rule: Rule, evidence: Evidence, path: str) -> RuleParts:
        """The parts of a rule that fired, by place.

        Args:
            rule: Any but a signal's or a verdict's.
            evidence: What it rests on.
            path: The path concluded.
        """
        if isinstance(rule, FitRule):
            return [(self._of[rule.id, each], self._fit(rule, evidence)) for each in rule.paths]
        place = self._of[rule.id, ""]
        if isinstance(rule, StatementRule) and rule.topic == "pay":
            return [(place, self._maker.constant(rule))]
        assert isinstance(rule, FindingRule | PayNoteRule | StatementRule)
        if isinstance(rule, FindingRule):
            home = _ANSWER["findings"]
        elif isinstance(rule, PayNoteRule):
            home = _PANEL["notes"]
        else:
            home = _ANSWER["seat"]

        def head(facts: Facts) -> Message:
            if isinstance(rule, FindingRule):
                return self._writer.finding(rule, facts, path)
            if isinstance(rule, PayNoteRule):
                return self._writer.pay_note(rule, facts, path)
            return self._writer.seat(rule, facts, path)

        # One sentence for all paths, unless it names the path.
        about = path if "path" in rule.because.holes() else ""
        name = (rule.id, about)
        return [(place, self._maker.part(name, rule.because, evidence, home, head, _bare))]

    def _fit(self, rule: FitRule, evidence: Evidence) -> Part[Any]:
        speaks_for = rule.points > 0
        return self._maker.part(
            (rule.id,),
            rule.because,
            evidence,
            _ASSESSMENT["reasons" if speaks_for else "why_not"],
            lambda facts: self._writer.reason(rule, facts),
            _bare if speaks_for else _said,
        )

    def obstacle(self, rule: SignalRule, value: str, evidence: Evidence) -> Part[Said]:
        """Why a path is none that needs another value of a signal."""
        return self._maker.part(
            (rule.id, value),
            sentence_of(rule, value),
            evidence,
            _ASSESSMENT["why_not"],
            lambda facts: self._writer.obstacle(rule, value, facts),
            _said,
        )

    def outranked(self, winner: VerdictRule, evidence: Evidence) -> Part[Said]:
        """Why a path is none that no condition keeps from it: an earlier rule came first."""
        return self._maker.part(
            (winner.id,),
            self._ruleset.sentences["outranked"],
            evidence,
            _ASSESSMENT["why_not"],
            lambda facts: self._writer.outranked(winner, facts),
            _said,
        )

    def panel(self, rule: StatementRule, path: str) -> Part[tuple[bytes, bytes]]:
        """What stands in the panel about pay before the notes, and behind them."""

        def write(facts: Facts) -> tuple[bytes, bytes]:
            panel, back = self._writer.pay(rule, facts, path), pb.CompensationPanel()
            if panel.HasField("overlap"):
                back.overlap.CopyFrom(panel.overlap)
                panel.ClearField("overlap")
            return serialised(panel), serialised(back)

        return self._maker.sentence(rule.because, write, and_these=("level",))

    def headline(self, rule: VerdictRule) -> Part[bytes]:
        """What a verdict says."""
        return self._maker.sentence(
            rule.because,
            lambda facts: serialised(
                pb.Recommendation(headline=self._writer.say(rule.because, facts, rule.path))
            ),
        )


def _bare(_: Message, part: bytes) -> bytes:
    return part


def _said(message: Message, part: bytes) -> Said:
    assert isinstance(message, pb.Reason)
    return message.message, part


def _basic(ruleset: Ruleset, rule: FindingRule) -> bytes:
    finding = pb.Finding(code=rule.code, kind=finding_kind(ruleset, rule))
    return serialised(pb.Recommendation(findings=[finding]))
