"""Writes what to prepare for a path as the contract's Preparation."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.answer_parts import STRENGTHS, evidence_messages, path_number
from rolefit.engine.assembly import open_now, ranked
from rolefit.engine.compilation import Alternative
from rolefit.engine.explanation import Explanation
from rolefit.engine.outcome import Outcome, Readiness
from rolefit.engine.ruleset import PATHS, ItemRule, RoundRule, Ruleset, SentenceRule
from rolefit.engine.speech import Speech
from rolefit.engine.templates import Template
from rolefit.v1 import preparation_pb2 as pb
from rolefit.v1.evidence_pb2 import Evidence


class PreparationWriter:
    """Writes preparations for one profile."""

    def __init__(
        self,
        ruleset: Ruleset,
        speech: Speech,
        outcome: Outcome,
        readiness: Readiness,
        explanation: Explanation,
    ):
        self._ruleset = ruleset
        self._speech = speech
        self._outcome = outcome
        self._readiness = readiness
        self._explanation = explanation

    def default_paths(self) -> list[str]:
        """The recommended path, and the best other one whose loop the guide describes."""
        described = {rule.path for rule in self._ruleset.rounds}
        recommended = self._outcome.verdict.path
        others = [p for p in self._ranked() if p in described and p != recommended]
        return [*([recommended] if recommended in PATHS else []), *others[:1]]

    def _ranked(self) -> list[str]:
        met, signals = self._outcome.met, self._outcome.signals
        fits = [rule for rule in self._ruleset.fits if rule.id in met]
        points = {p: sum(rule.points for rule in fits if p in rule.paths) for p in PATHS}
        openness = {path: open_now(self._ruleset, signals, path) for path in PATHS}
        return ranked(self._outcome.verdict.path, points, openness)

    def write(self, path: str) -> pb.Preparation:
        """What to prepare for a path."""
        rounds = [rule for rule in self._ruleset.rounds if rule.path == path]
        message = pb.Preparation(
            path=path_number(path),
            rounds=[self._round(rule) for rule in rounds],
            resume=self._items(path, "resume"),
            negotiation=self._items(path, "negotiation"),
            next_steps=self._next_steps(path),
        )
        if not rounds:
            label = self._ruleset.paths[path].label
            no_loop = self._ruleset.sentences["no_loop"]
            message.message = self._speech.say(no_loop, self._outcome.facts, {"path": label})
        if path == self._ruleset.skills_in_demand.path:
            message.skills.CopyFrom(self._skills())
        return message

    def _round(self, rule: RoundRule) -> pb.InterviewRound:
        readiness, template, alternatives = self._standing(rule)
        return pb.InterviewRound(
            title=rule.title,
            probes=self._say(rule.probes),
            readiness=pb.Readiness.Value(f"READINESS_{readiness}"),
            message=self._say(template),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
            convention=rule.convention,
            evidence=self._evidence(alternatives),
        )

    def _standing(self, rule: RoundRule) -> tuple[str, Template, tuple[Alternative, ...]]:
        """The first of ready, missing and thin that is true, else unknown."""
        for name, by_rule, template in (
            ("READY", self._readiness.ready, rule.says_ready),
            ("MISSING", self._readiness.missing, rule.says_missing),
            ("THIN", self._readiness.thin, rule.says_thin),
        ):
            if rule.id in by_rule:
                return name, template, by_rule[rule.id]
        return "UNKNOWN", rule.says_unknown, ()

    def _items(self, path: str, topic: str) -> list[pb.PreparationItem]:
        rules = (r for r in self._ruleset.items if r.path == path and r.topic == topic)
        ready = self._readiness.ready
        return [self._item(rule, ready[rule.id]) for rule in rules if rule.id in ready]

    def _next_steps(self, path: str) -> list[pb.PreparationItem]:
        """Findings that are next steps; they are about the recommended path alone."""
        if path != self._outcome.verdict.path:
            return []
        codes, met = self._ruleset.codes, self._outcome.met
        steps = [
            rule
            for rule in self._ruleset.findings
            if rule.id in met and codes[rule.code].kind == "NEXT_STEP"
        ]
        steps.sort(key=lambda rule: codes[rule.code].rank)
        return [self._item(rule, met[rule.id]) for rule in steps]

    def _item(
        self, rule: SentenceRule | ItemRule, alternatives: tuple[Alternative, ...]
    ) -> pb.PreparationItem:
        return pb.PreparationItem(
            message=self._say(rule.because),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
            convention=rule.convention,
            evidence=self._evidence(alternatives),
        )

    def _skills(self) -> pb.SkillGap:
        vocabulary, demand = self._ruleset.vocabulary, self._ruleset.skills_in_demand
        held = self._outcome.facts.get(demand.field)
        gap = pb.SkillGap(known=held is not None, claims=demand.claims)
        if isinstance(held, frozenset):
            for area in vocabulary.fields[demand.field].values:
                words = vocabulary.token_words(demand.field, area)
                (gap.held if area in held else gap.missing).append(words)
        return gap

    def _say(self, template: Template) -> str:
        label = self._ruleset.paths[self._outcome.verdict.path].label
        return self._speech.say(template, self._outcome.facts, {"path": label})

    def _evidence(self, alternatives: Iterable[Alternative]) -> list[Evidence]:
        tests = self._explanation.evidence_of(alternatives)
        return evidence_messages(tests, self._outcome.facts, self._ruleset.vocabulary)
