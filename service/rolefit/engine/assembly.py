"""Writes an outcome as the contract's Recommendation."""

from __future__ import annotations

from collections.abc import Sequence

from rolefit.engine.answer_parts import STRENGTHS, evidence_messages, path_number
from rolefit.engine.change_messages import field_changes, margin_messages
from rolefit.engine.changes import ChangeFinder, Steps
from rolefit.engine.compilation import Program
from rolefit.engine.decision_space import DecisionSpace
from rolefit.engine.explanation import Explainer, Question
from rolefit.engine.margins import FlipFinder
from rolefit.engine.outcome import Outcome, Readiness
from rolefit.engine.preparation import PreparationWriter
from rolefit.engine.ruleset import (
    FITS,
    PATHS,
    FindingRule,
    FitRule,
    Ruleset,
    StatementRule,
)
from rolefit.engine.speech import Speech
from rolefit.engine.templates import Template
from rolefit.v1 import evidence_pb2, profile_pb2, recommendation_service_pb2
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.preparation_pb2 import Preparation

View = recommendation_service_pb2.View

_MOST_BASIC_QUESTIONS = 3
_OPENNESS = ("YES", "UNKNOWN", "NO")


class Assembler:
    """What writing any answer by one rule set needs.

    Args:
        ruleset: The rules.
        program: The rules as the rules engine gets them.
        space: All profiles as the verdict rules see them; None if there are too many.
    """

    def __init__(self, ruleset: Ruleset, program: Program, space: DecisionSpace | None):
        self.ruleset = ruleset
        self.changes = None if space is None else ChangeFinder(ruleset, space)
        self.flips = None if space is None else FlipFinder(ruleset.vocabulary, space)
        self.explainer = Explainer(ruleset, program)
        self.speech = Speech(ruleset)
        self.findings = sorted(ruleset.findings, key=lambda rule: ruleset.codes[rule.code].rank)
        self.fits = {path: [r for r in ruleset.fits if path in r.paths] for path in PATHS}
        self.bands = {(band.path, band.level): band for band in ruleset.bands}

    def recommendation(self, outcome: Outcome, view: View.ValueType) -> pb.Recommendation:
        """The answer; `view` says how much of it."""
        writer = _AnswerWriter(self, outcome, basic=view == View.VIEW_BASIC)
        return writer.write(view)

    def preparations(
        self, outcome: Outcome, readiness: Readiness, paths: Sequence[str] = ()
    ) -> list[Preparation]:
        """What to prepare for the paths; without any, for the default ones."""
        explanation = self.explainer.explain(outcome)
        writer = PreparationWriter(self.ruleset, self.speech, outcome, readiness, explanation)
        ranked = _AnswerWriter(self, outcome, basic=True).ranked_paths()
        return [writer.write(path) for path in paths or writer.default_paths(ranked)]


class _AnswerWriter:
    """Writes one answer."""

    def __init__(self, assembler: Assembler, outcome: Outcome, basic: bool):
        self._assembler = assembler
        self._ruleset = assembler.ruleset
        self._outcome = outcome
        self._verdict = outcome.verdict
        self._explanation = assembler.explainer.explain(outcome)
        self._basic = basic

    def write(self, view: View.ValueType) -> pb.Recommendation:
        answer = pb.Recommendation(
            path=path_number(self._verdict.path),
            certainty=pb.Certainty.Value(f"CERTAINTY_{self._verdict.certainty}"),
            possible_paths=[path_number(path) for path in self._verdict.possible],
            headline=self._say(self._verdict.rule.because),
            findings=[self._finding(r) for r in self._assembler.findings if self._fired(r.id)],
            next_questions=self._questions(),
            seat=self._seat(),
            proven=self._verdict.proven,
        )
        if not self._basic:
            needs = self._needs()
            answer.assessments.extend(
                self._assessment(path, needs.get(path, ())) for path in self.ranked_paths()
            )
            answer.margins.extend(self._margins())
            answer.compensation.CopyFrom(self._compensation())
        if view == View.VIEW_FULL:
            answer.trace.CopyFrom(self._trace())
        return answer

    def _questions(self) -> list[pb.NextQuestion]:
        questions = self._explanation.questions()
        return [
            _question(q) for q in questions[: _MOST_BASIC_QUESTIONS if self._basic else None]
        ]

    def _fired(self, rule_id: str) -> bool:
        return rule_id in self._outcome.met

    def _say(self, template: Template) -> str:
        words = {"path": self._ruleset.paths[self._verdict.path].label}
        return self._assembler.speech.say(template, self._outcome, words)

    def _evidence(self, rule_id: str) -> list[evidence_pb2.Evidence]:
        if self._basic:
            return []
        return evidence_messages(self._explanation.evidence(rule_id))

    def _finding(self, rule: FindingRule) -> pb.Finding:
        kind = pb.FindingKind.Value(f"FINDING_KIND_{self._ruleset.codes[rule.code].kind}")
        if self._basic:
            return pb.Finding(code=rule.code, kind=kind)
        return pb.Finding(
            code=rule.code,
            kind=kind,
            message=self._say(rule.because),
            rule_id=rule.id,
            claims=rule.claims,
            strength=STRENGTHS[rule.strength],
            convention=rule.convention,
            evidence=self._evidence(rule.id),
        )

    def ranked_paths(self) -> list[str]:
        """All five paths: the recommended first, then by fit, then open before closed."""

        def rank(path: str) -> tuple[bool, int, int, int]:
            chosen = path == self._verdict.path
            points = sum(rule.points for rule in self._fits(path))
            return not chosen, -points, _OPENNESS.index(self._open_now(path)), PATHS.index(path)

        return sorted(PATHS, key=rank)

    def _fits(self, path: str) -> list[FitRule]:
        """Fit rules that fired, weighty ones first."""
        fired = [rule for rule in self._assembler.fits[path] if self._fired(rule.id)]
        return sorted(fired, key=lambda rule: -abs(rule.points))

    def _needs(self) -> dict[str, Steps]:
        finder, position = self._assembler.changes, self._verdict.position
        if finder is None or position is None:
            return {}
        return finder.would_need(position)

    def _margins(self) -> list[pb.Margin]:
        flips, position = self._assembler.flips, self._verdict.position
        if flips is None or position is None:
            return []
        found = flips.margins(position, self._outcome.facts)
        return margin_messages(found, self._ruleset.vocabulary)

    def _assessment(self, path: str, needs: Steps) -> pb.PathAssessment:
        fits = self._fits(path)
        return pb.PathAssessment(
            path=path_number(path),
            fit=self._fit(fits),
            open_now=pb.Ternary.Value(f"TERNARY_{self._open_now(path)}"),
            reasons=[self._reason(rule) for rule in fits if rule.points > 0],
            why_not=self._why_not(path, [rule for rule in fits if rule.points < 0]),
            would_need=field_changes(needs, self._outcome.facts, self._ruleset.vocabulary),
        )

    def _fit(self, fits: list[FitRule]) -> pb.Fit.ValueType:
        if not fits:
            return pb.FIT_UNKNOWN
        points = sum(rule.points for rule in fits)
        name = next((fit for low, fit in self._ruleset.fit_bands if points >= low), FITS[0])
        return pb.Fit.Value(f"FIT_{name}")

    def _open_now(self, path: str) -> str:
        return open_now(self._ruleset, self._outcome, path)

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
                    message=self._say(self._ruleset.sentences["outranked"]),
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
                evidence=evidence_messages(obstacle.evidence),
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
        panel = pb.CompensationPanel(
            coverage=pb.CompensationCoverage.Value(coverage),
            message=self._say(rule.because),
        )
        if rule.value == "COVERED":
            bands = self._pay_bands()
            panel.bands.extend(bands)
            panel.notes.extend(self._pay_notes())
            if overlap := self._pay_overlap(bands):
                panel.overlap.CopyFrom(overlap)
        return panel

    def _pay_notes(self) -> list[pb.PayNote]:
        return [
            pb.PayNote(
                kind=pb.PayNoteKind.Value(f"PAY_NOTE_KIND_{rule.kind}"),
                message=self._say(rule.because),
                rule_id=rule.id,
                claims=rule.claims,
                strength=STRENGTHS[rule.strength],
                evidence=self._evidence(rule.id),
            )
            for rule in self._ruleset.pay_notes
            if self._fired(rule.id)
        ]

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
        words = {"low": f"{low:,}", "high": f"{high:,}"}
        message = self._assembler.speech.say(sentence, self._outcome, words)
        return pb.PayOverlap(low_usd=low, high_usd=high, message=message)

    def _pay_bands(self) -> list[pb.PayBand]:
        """The bands of both tracks for the level, the recommended path's first."""
        level = str(self._outcome.facts.get("level", ""))
        paths = sorted(PATHS, key=lambda path: path != self._verdict.path)
        bands = (self._assembler.bands.get((path, level)) for path in paths)
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

    def _trace(self) -> pb.Trace:
        signals = self._outcome.signals.items()
        return pb.Trace(
            signals=[
                pb.Signal(name=name, value=pb.Ternary.Value(f"TERNARY_{value}"))
                for name, value in signals
            ],
            rules_fired=[rule.id for rule in self._ruleset.rules if self._fired(rule.id)],
        )


def open_now(ruleset: Ruleset, outcome: Outcome, path: str) -> str:
    """Whether a path is open now: YES, NO or UNKNOWN."""
    signal = ruleset.paths[path].open_signal
    return outcome.signals[signal] if signal else "YES"


def _question(question: Question) -> pb.NextQuestion:
    about = question.about
    return pb.NextQuestion(
        field=about.field,
        question=question.words,
        options=question.options,
        could_lead_to=[path_number(path) for path in about.sways],
        essential=about.essential,
        settles=about.settles,
    )
