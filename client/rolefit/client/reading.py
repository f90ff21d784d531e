"""Reads recommendations, and what is to be prepared, into plain Python values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from rolefit.client.answer import (
    Answer,
    CompensationPanel,
    Finding,
    Flip,
    Margin,
    NextQuestion,
    PathAssessment,
    PayBand,
    PayNote,
    PayOverlap,
    Reason,
    Recommendation,
    Seat,
    Signal,
    Trace,
)
from rolefit.client.enum_names import word_reader
from rolefit.client.evidence import Evidence
from rolefit.client.field_change import FieldChange
from rolefit.client.preparation import (
    InterviewRound,
    Preparation,
    PreparationItem,
    PreparationPack,
    SkillGap,
)
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import (
    Certainty,
    ClaimStrength,
    CompensationCoverage,
    Effort,
    FindingKind,
    Fit,
    Level,
    Path,
    PayNoteKind,
    Readiness,
    Ternary,
)
from rolefit.v1 import (
    evidence_pb2,
    field_change_pb2,
    path_pb2,
    preparation_pb2,
    profile_pb2,
)
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.recommendation_service_pb2 import (
    PrepareResponse,
    RecommendResponse,
)

read_path = word_reader(Path, path_pb2.Path.DESCRIPTOR)
_level = word_reader(Level, profile_pb2.Level.DESCRIPTOR)
_certainty = word_reader(Certainty, pb.Certainty.DESCRIPTOR)
_ternary = word_reader(Ternary, pb.Ternary.DESCRIPTOR)
_fit = word_reader(Fit, pb.Fit.DESCRIPTOR)
_kind = word_reader(FindingKind, pb.FindingKind.DESCRIPTOR)
_strength = word_reader(ClaimStrength, evidence_pb2.ClaimStrength.DESCRIPTOR)
_coverage = word_reader(CompensationCoverage, pb.CompensationCoverage.DESCRIPTOR)
_note_kind = word_reader(PayNoteKind, pb.PayNoteKind.DESCRIPTOR)
_effort = word_reader(Effort, field_change_pb2.Effort.DESCRIPTOR)
_readiness = word_reader(Readiness, preparation_pb2.Readiness.DESCRIPTOR)


def read_answer(response: RecommendResponse) -> Answer:
    """Read a response, for instance one that was stored.

    Nothing in a response makes it fail: an enum value this client does not know becomes
    ``UNRECOGNIZED``, and what is absent is empty.
    """
    return Answer(
        **_parts(response.recommendation),
        ruleset=read_ruleset(response.ruleset),
        decision_id=response.decision_id,
        message=response,
    )


def read_pack(response: PrepareResponse) -> PreparationPack:
    """Read a response of Prepare; like `read_answer`, it copes with whatever comes."""
    return PreparationPack(
        recommended_path=read_path(response.recommended_path),
        preparations=tuple(map(_preparation, response.preparations)),
        ruleset=read_ruleset(response.ruleset),
        decision_id=response.decision_id,
        message=response,
    )


def read_recommendation(found: pb.Recommendation) -> Recommendation:
    """Read a recommendation that is part of another answer."""
    return Recommendation(**_parts(found))


class _Parts(TypedDict):
    """The fields of `Recommendation`, which an `Answer` has too."""

    path: Path
    certainty: Certainty
    possible_paths: tuple[Path, ...]
    headline: str
    assessments: tuple[PathAssessment, ...]
    findings: tuple[Finding, ...]
    next_questions: tuple[NextQuestion, ...]
    seat: Seat
    compensation: CompensationPanel | None
    trace: Trace | None
    preparations: tuple[Preparation, ...]
    proven: bool
    margins: tuple[Margin, ...]


def _parts(found: pb.Recommendation) -> _Parts:
    return _Parts(
        path=read_path(found.path),
        certainty=_certainty(found.certainty),
        possible_paths=tuple(map(read_path, found.possible_paths)),
        headline=found.headline,
        assessments=tuple(map(_assessment, found.assessments)),
        findings=tuple(map(read_finding, found.findings)),
        next_questions=tuple(map(_next_question, found.next_questions)),
        seat=Seat(
            available=_ternary(found.seat.available),
            message=found.seat.message,
            evidence=_evidence(found.seat.evidence),
        ),
        compensation=(
            _compensation(found.compensation) if found.HasField("compensation") else None
        ),
        trace=_trace(found.trace) if found.HasField("trace") else None,
        preparations=tuple(map(_preparation, found.preparations)),
        proven=found.proven,
        margins=tuple(map(_margin, found.margins)),
    )


def read_ruleset(message: pb.Ruleset) -> Ruleset:
    """Read the rule set that answered."""
    return Ruleset(name=message.name, version=message.version, digest=message.digest)


def _assessment(message: pb.PathAssessment) -> PathAssessment:
    return PathAssessment(
        path=read_path(message.path),
        fit=_fit(message.fit),
        open_now=_ternary(message.open_now),
        reasons=tuple(map(_reason, message.reasons)),
        why_not=tuple(map(_reason, message.why_not)),
        would_need=tuple(map(read_field_change, message.would_need)),
    )


def read_field_change(message: field_change_pb2.FieldChange) -> FieldChange:
    """Read what one field would have to become."""
    return FieldChange(
        field=message.field,
        label=message.label,
        observed=message.observed,
        needed=message.needed,
        effort=_effort(message.effort),
    )


def _reason(message: pb.Reason) -> Reason:
    return Reason(
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        convention=message.convention,
        evidence=_evidence(message.evidence),
    )


def read_finding(message: pb.Finding) -> Finding:
    """Read a finding."""
    return Finding(
        code=message.code,
        kind=_kind(message.kind),
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        strength=_strength(message.strength),
        convention=message.convention,
        evidence=_evidence(message.evidence),
    )


def _next_question(message: pb.NextQuestion) -> NextQuestion:
    return NextQuestion(
        field=message.field,
        question=message.question,
        options=tuple(message.options),
        could_lead_to=tuple(map(read_path, message.could_lead_to)),
        essential=message.essential,
        settles=message.settles,
    )


def _margin(message: pb.Margin) -> Margin:
    return Margin(
        field=message.field,
        label=message.label,
        value=message.value,
        below=_flip(message.below) if message.HasField("below") else None,
        above=_flip(message.above) if message.HasField("above") else None,
    )


def _flip(message: pb.Flip) -> Flip:
    return Flip(at=message.at, distance=message.distance, path=read_path(message.path))


def _evidence(messages: Iterable[evidence_pb2.Evidence]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(field=each.field, observed=each.observed, condition=each.condition)
        for each in messages
    )


def _compensation(message: pb.CompensationPanel) -> CompensationPanel:
    return CompensationPanel(
        coverage=_coverage(message.coverage),
        message=message.message,
        bands=tuple(
            PayBand(
                path=read_path(band.path),
                level=_level(band.level),
                low_usd=band.low_usd,
                high_usd=band.high_usd,
                open_ended=band.open_ended,
                claims=tuple(band.claims),
            )
            for band in message.bands
        ),
        notes=tuple(map(_pay_note, message.notes)),
        overlap=_overlap(message.overlap) if message.HasField("overlap") else None,
    )


def _pay_note(message: pb.PayNote) -> PayNote:
    return PayNote(
        kind=_note_kind(message.kind),
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        strength=_strength(message.strength),
        evidence=_evidence(message.evidence),
    )


def _overlap(message: pb.PayOverlap) -> PayOverlap:
    return PayOverlap(
        low_usd=message.low_usd, high_usd=message.high_usd, message=message.message
    )


def _trace(message: pb.Trace) -> Trace:
    return Trace(
        signals=tuple(Signal(name=s.name, value=_ternary(s.value)) for s in message.signals),
        rules_fired=tuple(message.rules_fired),
    )


def _preparation(message: preparation_pb2.Preparation) -> Preparation:
    return Preparation(
        path=read_path(message.path),
        rounds=tuple(map(_round, message.rounds)),
        resume=tuple(map(_item, message.resume)),
        negotiation=tuple(map(_item, message.negotiation)),
        skills=_skills(message.skills) if message.HasField("skills") else None,
        next_steps=tuple(map(_item, message.next_steps)),
        message=message.message,
    )


def _round(message: preparation_pb2.InterviewRound) -> InterviewRound:
    return InterviewRound(
        title=message.title,
        probes=message.probes,
        readiness=_readiness(message.readiness),
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        strength=_strength(message.strength),
        convention=message.convention,
        evidence=_evidence(message.evidence),
    )


def _item(message: preparation_pb2.PreparationItem) -> PreparationItem:
    return PreparationItem(
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        strength=_strength(message.strength),
        convention=message.convention,
        evidence=_evidence(message.evidence),
    )


def _skills(message: preparation_pb2.SkillGap) -> SkillGap:
    return SkillGap(
        held=tuple(message.held),
        missing=tuple(message.missing),
        known=message.known,
        claims=tuple(message.claims),
    )
