"""Writes an outcome as the contract's Recommendation."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.compilation import Program
from rolefit.engine.explanation import Explainer, FieldEvidence, Question
from rolefit.engine.outcome import Outcome
from rolefit.engine.ruleset import (
    FITS,
    PATHS,
    FindingRule,
    FitRule,
    Ruleset,
    StatementRule,
)
from rolefit.engine.templates import Template
from rolefit.v1 import path_pb2, profile_pb2, recommendation_service_pb2
from rolefit.v1 import recommendation_pb2 as pb

View = recommendation_service_pb2.View

STRENGTHS = {
    "": pb.CLAIM_STRENGTH_UNSPECIFIED,
    "M": pb.CLAIM_STRENGTH_PERMISSIVE,
    "S": pb.CLAIM_STRENGTH_HEDGED,
    "H": pb.CLAIM_STRENGTH_FLAT,
}
_OPENNESS = ("YES", "UNKNOWN", "NO")


class Assembler:
    """What writing any answer by one rule set needs."""

    def __init__(self, ruleset: Ruleset, program: Program):
        self.ruleset = ruleset
        self.explainer = Explainer(ruleset, program)
        self.thresholds = {name: t.value for name, t in ruleset.thresholds.items()}
        self.findings = sorted(ruleset.findings, key=lambda rule: ruleset.codes[rule.code].rank)
        self.fits = {path: [r for r in ruleset.fits if path in r.paths] for path in PATHS}
        self.bands = {(band.path, band.level): band for band in ruleset.bands}

    def recommendation(self, outcome: Outcome, view: View.ValueType) -> pb.Recommendation:
        """The answer; `view` says how much of it."""
        return _AnswerWriter(self, outcome, evidence=view != View.VIEW_BASIC).write(view)


class _AnswerWriter:
    """Writes one answer."""

    def __init__(self, assembler: Assembler, outcome: Outcome, evidence: bool):
        self._assembler = assembler
        self._ruleset = assembler.ruleset
        self._outcome = outcome
        self._verdict = outcome.verdict
        self._explanation = assembler.explainer.explain(outcome)
        self._with_evidence = evidence

    def write(self, view: View.ValueType) -> pb.Recommendation:
        answer = pb.Recommendation(
            path=_path(self._verdict.path),
            certainty=pb.Certainty.Value(f"CERTAINTY_{self._verdict.certainty}"),
            possible_paths=[_path(path) for path in self._verdict.possible],
            headline=self._say(self._verdict.rule.because),
            findings=[self._finding(r) for r in self._assembler.findings if self._fired(r.id)],
            next_questions=[_question(q) for q in self._explanation.questions()],
            seat=self._seat(),
        )
        if view != View.VIEW_BASIC:
            answer.assessments.extend(self._assessments())
            answer.compensation.CopyFrom(self._compensation())
        if view == View.VIEW_FULL:
            answer.trace.CopyFrom(self._trace())
        return answer

    def _fired(self, rule_id: str) -> bool:
        return rule_id in self._outcome.met

    def _say(self, template: Template) -> str:
        label = self._ruleset.paths[self._verdict.path].label
        facts, vocabulary = self._outcome.facts, self._ruleset.vocabulary
        return template.render(facts, vocabulary, self._assembler.thresholds, label)

    def _evidence(self, rule_id: str) -> list[pb.Evidence]:
        return _evidence(self._explanation.evidence(rule_id)) if self._with_evidence else []

    def _finding(self, rule: FindingRule) -> pb.Finding:
        kind = self._ruleset.codes[rule.code].kind
        return pb.Finding(
            code=rule.code,
            kind=pb.FindingKind.Value(f"FINDING_KIND_{kind}"),
            message=self._say(rule.because),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
            convention=rule.convention,
            evidence=self._evidence(rule.id),
        )

    def _assessments(self) -> list[pb.PathAssessment]:
        """All five paths: the recommended first, then by fit, then open before closed."""
        fits = {
            path: [r for r in self._assembler.fits[path] if self._fired(r.id)] for path in PATHS
        }
        points = {path: sum(rule.points for rule in rules) for path, rules in fits.items()}
        open_now = {path: self._open_now(path) for path in PATHS}

        def rank(path: str) -> tuple[bool, int, int, int]:
            chosen = path == self._verdict.path
            openness = _OPENNESS.index(open_now[path])
            return not chosen, -points[path], openness, PATHS.index(path)

        return [
            pb.PathAssessment(
                path=_path(path),
                fit=self._fit(points[path], bool(fits[path])),
                open_now=pb.Ternary.Value(f"TERNARY_{open_now[path]}"),
                reasons=[self._reason(rule) for rule in fits[path] if rule.points > 0],
                why_not=self._why_not(path, [rule for rule in fits[path] if rule.points < 0]),
            )
            for path in sorted(PATHS, key=rank)
        ]

    def _fit(self, points: int, any_rule: bool) -> pb.Fit.ValueType:
        if not any_rule:
            return pb.FIT_UNKNOWN
        name = next((fit for low, fit in self._ruleset.fit_bands if points >= low), FITS[0])
        return pb.Fit.Value(f"FIT_{name}")

    def _open_now(self, path: str) -> str:
        signal = self._ruleset.paths[path].open_signal
        return self._outcome.signals[signal] if signal else "YES"

    def _reason(self, rule: FitRule) -> pb.Reason:
        return pb.Reason(
            message=self._say(rule.because),
            rule_id=rule.id,
            claims=rule.claims,
            convention=rule.convention,
            evidence=self._evidence(rule.id),
        )

    def _why_not(self, path: str, against: list[FitRule]) -> list[pb.Reason]:
        """Unmet conditions, then what speaks against the path; each sentence once."""
        said: dict[str, pb.Reason] = {}
        unmet = self._obstacles(path) if path != self._verdict.path else []
        for reason in (*unmet, *(self._reason(rule) for rule in against)):
            said.setdefault(reason.message, reason)
        return list(said.values())

    def _obstacles(self, path: str) -> list[pb.Reason]:
        """The conditions that a path fails, or that an earlier rule came first."""
        obstacles = self._explanation.obstacles(path)
        if not obstacles:
            winner = self._verdict.rule
            return [
                pb.Reason(
                    message=self._say(self._ruleset.outranked),
                    rule_id=winner.id,
                    claims=winner.claims,
                    convention=winner.convention,
                    evidence=self._evidence(winner.id),
                )
            ]
        return [
            pb.Reason(
                message=self._say(obstacle.template),
                rule_id=obstacle.rule.id,
                claims=obstacle.rule.claims,
                convention=obstacle.rule.convention,
                evidence=_evidence(obstacle.evidence),
            )
            for obstacle in obstacles
        ]

    def _statement(self, topic: str) -> StatementRule:
        statements = (rule for rule in self._ruleset.statements if rule.topic == topic)
        return next(rule for rule in statements if self._fired(rule.id))

    def _seat(self) -> pb.Seat:
        rule = self._statement("seat")
        return pb.Seat(
            available=pb.Ternary.Value(f"TERNARY_{rule.value}"),
            message=self._say(rule.because),
            evidence=self._evidence(rule.id),
        )

    def _compensation(self) -> pb.CompensationPanel:
        rule = self._statement("pay")
        coverage = f"COMPENSATION_COVERAGE_{rule.value}"
        return pb.CompensationPanel(
            coverage=pb.CompensationCoverage.Value(coverage),
            message=self._say(rule.because),
            bands=self._pay_bands() if rule.value == "COVERED" else [],
        )

    def _pay_bands(self) -> list[pb.PayBand]:
        """The bands of both tracks for the level, the recommended path's first."""
        level = str(self._outcome.facts["level"])
        paths = sorted(PATHS, key=lambda path: path != self._verdict.path)
        bands = (self._assembler.bands.get((path, level)) for path in paths)
        return [
            pb.PayBand(
                path=_path(band.path),
                level=profile_pb2.Level.Value(f"LEVEL_{band.level}"),
                low_usd=band.low,
                high_usd=band.high,
                open_ended=band.open_ended,
            )
            for band in bands
            if band is not None
        ]

    def _trace(self) -> pb.Trace:
        signals = self._outcome.signals.items()
        return pb.Trace(
            signals=[
                pb.Signal(name=name, value=pb.Ternary.Value(f"TERNARY_{value}"))
                for name, value in signals
            ],
            rules_fired=[rule.id for rule in self._ruleset.rules if self._fired(rule.id)],
        )


def _question(question: Question) -> pb.NextQuestion:
    return pb.NextQuestion(
        field=question.field,
        question=question.question,
        options=question.options,
        could_lead_to=[_path(path) for path in question.could_lead_to],
    )


def _path(path: str) -> path_pb2.Path.ValueType:
    return path_pb2.Path.Value(f"PATH_{path}")


def _evidence(items: Iterable[FieldEvidence]) -> list[pb.Evidence]:
    return [
        pb.Evidence(field=item.field, observed=item.observed, condition=item.condition)
        for item in items
    ]
