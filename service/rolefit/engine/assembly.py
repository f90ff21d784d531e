"""Writes an outcome as the contract's Recommendation."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.compilation import Program
from rolefit.engine.explanation import Explainer, FieldEvidence
from rolefit.engine.outcome import Outcome
from rolefit.engine.ruleset import (
    FITS,
    PATHS,
    FindingRule,
    FitRule,
    Rule,
    Ruleset,
    StatementRule,
)
from rolefit.engine.templates import Template
from rolefit.v1 import path_pb2, profile_pb2, recommendation_service_pb2
from rolefit.v1 import recommendation_pb2 as pb

View = recommendation_service_pb2.View

_STRENGTHS = {
    "": pb.CLAIM_STRENGTH_UNSPECIFIED,
    "M": pb.CLAIM_STRENGTH_PERMISSIVE,
    "S": pb.CLAIM_STRENGTH_HEDGED,
    "H": pb.CLAIM_STRENGTH_FLAT,
}


class Assembler:
    """Writes outcomes of one rule set."""

    def __init__(self, ruleset: Ruleset, program: Program):
        self._ruleset = ruleset
        self._explainer = Explainer(ruleset, program)
        self._thresholds = {name: t.value for name, t in ruleset.thresholds.items()}
        self._finding_rules = sorted(
            ruleset.findings, key=lambda rule: ruleset.codes[rule.code].rank
        )
        self._band_of = {(band.path, band.level): band for band in ruleset.bands}

    def recommendation(self, outcome: Outcome, view: View.ValueType) -> pb.Recommendation:
        """The answer; `view` says how much of it."""
        verdict = outcome.verdict
        basic = view == View.VIEW_BASIC
        answer = pb.Recommendation(
            path=_path(verdict.path),
            certainty=pb.Certainty.Value(f"CERTAINTY_{verdict.certainty}"),
            possible_paths=[_path(path) for path in verdict.possible],
            headline=self._say(verdict.rule.because, outcome),
            findings=[
                self._finding(rule, outcome, with_evidence=not basic)
                for rule in self._finding_rules
                if rule.id in outcome.met
            ],
            next_questions=[
                pb.NextQuestion(
                    field=question.field,
                    question=question.question,
                    options=question.options,
                    could_lead_to=[_path(path) for path in question.could_lead_to],
                )
                for question in self._explainer.questions(outcome)
            ],
            seat=self._seat(outcome, with_evidence=not basic),
        )
        if not basic:
            answer.assessments.extend(self._assessments(outcome))
            answer.compensation.CopyFrom(self._compensation(outcome))
        if view == View.VIEW_FULL:
            answer.trace.CopyFrom(self._trace(outcome))
        return answer

    def _say(self, template: Template, outcome: Outcome) -> str:
        label = self._ruleset.paths[outcome.verdict.path].label
        return template.render(outcome.facts, self._ruleset.vocabulary, self._thresholds, label)

    def _evidence(self, rule: Rule, outcome: Outcome) -> list[pb.Evidence]:
        return _evidence(self._explainer.evidence(outcome.met.get(rule.id, ()), outcome))

    def _finding(self, rule: FindingRule, outcome: Outcome, with_evidence: bool) -> pb.Finding:
        code = self._ruleset.codes[rule.code]
        return pb.Finding(
            code=rule.code,
            kind=pb.FindingKind.Value(f"FINDING_KIND_{code.kind}"),
            message=self._say(rule.because, outcome),
            rule_id=rule.id,
            claims=rule.claims,
            strength=_STRENGTHS[rule.strength],
            convention=rule.convention,
            evidence=self._evidence(rule, outcome) if with_evidence else [],
        )

    def _assessments(self, outcome: Outcome) -> list[pb.PathAssessment]:
        """All five paths: the recommended first, then by fit, then open before closed."""
        fitting = {path: self._fit_rules(path, outcome) for path in PATHS}
        points = {path: sum(r.points for r in rules) for path, rules in fitting.items()}
        open_now = {path: self._open_now(path, outcome) for path in PATHS}
        openness = ("YES", "UNKNOWN", "NO")

        def rank(path: str) -> tuple[bool, int, int, int]:
            chosen = path == outcome.verdict.path
            return not chosen, -points[path], openness.index(open_now[path]), PATHS.index(path)

        return [
            pb.PathAssessment(
                path=_path(path),
                fit=self._fit(points[path], bool(fitting[path])),
                open_now=pb.Ternary.Value(f"TERNARY_{open_now[path]}"),
                reasons=[self._reason(r, outcome) for r in fitting[path] if r.points > 0],
                why_not=self._why_not(path, fitting[path], outcome),
            )
            for path in sorted(PATHS, key=rank)
        ]

    def _fit_rules(self, path: str, outcome: Outcome) -> list[FitRule]:
        return [r for r in self._ruleset.fits if r.id in outcome.met and path in r.paths]

    def _fit(self, points: int, any_rule: bool) -> pb.Fit.ValueType:
        if not any_rule:
            return pb.FIT_UNKNOWN
        name = next((fit for low, fit in self._ruleset.fit_bands if points >= low), FITS[0])
        return pb.Fit.Value(f"FIT_{name}")

    def _open_now(self, path: str, outcome: Outcome) -> str:
        signal = self._ruleset.paths[path].open_signal
        return outcome.signals[signal] if signal else "YES"

    def _reason(self, rule: FitRule, outcome: Outcome) -> pb.Reason:
        return pb.Reason(
            message=self._say(rule.because, outcome),
            rule_id=rule.id,
            claims=rule.claims,
            convention=rule.convention,
            evidence=self._evidence(rule, outcome),
        )

    def _why_not(self, path: str, fitting: list[FitRule], outcome: Outcome) -> list[pb.Reason]:
        """Unmet conditions, then what speaks against the path; each sentence once."""
        against = [self._reason(rule, outcome) for rule in fitting if rule.points < 0]
        said: dict[str, pb.Reason] = {}
        for reason in (*self._obstacles(path, outcome), *against):
            said.setdefault(reason.message, reason)
        return list(said.values())

    def _obstacles(self, path: str, outcome: Outcome) -> list[pb.Reason]:
        """Why the path is not the recommendation: unmet conditions, or an earlier rule."""
        if path == outcome.verdict.path:
            return []
        obstacles = self._explainer.obstacles(path, outcome)
        if not obstacles:
            winner = outcome.verdict.rule
            return [
                pb.Reason(
                    message=self._say(self._ruleset.outranked, outcome),
                    rule_id=winner.id,
                    claims=winner.claims,
                    convention=winner.convention,
                    evidence=self._evidence(winner, outcome),
                )
            ]
        return [
            pb.Reason(
                message=self._say(obstacle.template, outcome),
                rule_id=obstacle.rule.id,
                claims=obstacle.rule.claims,
                convention=obstacle.rule.convention,
                evidence=_evidence(obstacle.evidence),
            )
            for obstacle in obstacles
        ]

    def _statement(self, topic: str, outcome: Outcome) -> StatementRule:
        return next(
            rule
            for rule in self._ruleset.statements
            if rule.topic == topic and rule.id in outcome.met
        )

    def _seat(self, outcome: Outcome, with_evidence: bool) -> pb.Seat:
        rule = self._statement("seat", outcome)
        return pb.Seat(
            available=pb.Ternary.Value(f"TERNARY_{rule.value}"),
            message=self._say(rule.because, outcome),
            evidence=self._evidence(rule, outcome) if with_evidence else [],
        )

    def _compensation(self, outcome: Outcome) -> pb.CompensationPanel:
        rule = self._statement("pay", outcome)
        coverage = f"COMPENSATION_COVERAGE_{rule.value}"
        panel = pb.CompensationPanel(
            coverage=pb.CompensationCoverage.Value(coverage),
            message=self._say(rule.because, outcome),
        )
        if rule.value == "COVERED":
            level = str(outcome.facts["level"])
            for path in sorted(PATHS, key=lambda path: path != outcome.verdict.path):
                if (path, level) in self._band_of:
                    band = self._band_of[path, level]
                    panel.bands.add(
                        path=_path(path),
                        level=profile_pb2.Level.Value(f"LEVEL_{level}"),
                        low_usd=band.low,
                        high_usd=band.high,
                        open_ended=band.open_ended,
                    )
        return panel

    def _trace(self, outcome: Outcome) -> pb.Trace:
        return pb.Trace(
            signals=[
                pb.Signal(name=name, value=pb.Ternary.Value(f"TERNARY_{value}"))
                for name, value in outcome.signals.items()
            ],
            rules_fired=[rule.id for rule in self._ruleset.rules if rule.id in outcome.met],
        )


def _path(path: str) -> path_pb2.Path.ValueType:
    return path_pb2.Path.Value(f"PATH_{path}")


def _evidence(items: Iterable[FieldEvidence]) -> list[pb.Evidence]:
    return [
        pb.Evidence(field=item.field, observed=item.observed, condition=item.condition)
        for item in items
    ]
