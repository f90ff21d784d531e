"""Reads a response message into an `Answer`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from google.protobuf.descriptor import EnumDescriptor

from rolefit.client.answer import (
    Answer,
    CompensationPanel,
    Evidence,
    Finding,
    NextQuestion,
    PathAssessment,
    PayBand,
    Reason,
    Ruleset,
    Seat,
    Signal,
    Trace,
)
from rolefit.client.enum_names import short_names
from rolefit.client.vocabulary import (
    Certainty,
    ClaimStrength,
    CompensationCoverage,
    FindingKind,
    Fit,
    Level,
    Path,
    Ternary,
    Word,
)
from rolefit.v1 import path_pb2, profile_pb2
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.recommendation_service_pb2 import RecommendResponse

_W = TypeVar("_W", bound=Word)


def _reader(words: type[_W], enum: EnumDescriptor) -> Callable[[int], _W]:
    """Make the function that names the values of one enum."""
    known = {number: words(name) for number, name in short_names(enum).items()}
    unrecognized = words("UNRECOGNIZED")
    return lambda number: known.get(number, unrecognized)


_path = _reader(Path, path_pb2.Path.DESCRIPTOR)
_level = _reader(Level, profile_pb2.Level.DESCRIPTOR)
_certainty = _reader(Certainty, pb.Certainty.DESCRIPTOR)
_ternary = _reader(Ternary, pb.Ternary.DESCRIPTOR)
_fit = _reader(Fit, pb.Fit.DESCRIPTOR)
_kind = _reader(FindingKind, pb.FindingKind.DESCRIPTOR)
_strength = _reader(ClaimStrength, pb.ClaimStrength.DESCRIPTOR)
_coverage = _reader(CompensationCoverage, pb.CompensationCoverage.DESCRIPTOR)


def read_answer(response: RecommendResponse) -> Answer:
    """Read a response, for instance one that was stored.

    Nothing in a response makes it fail: an enum value this client does not know becomes
    ``UNRECOGNIZED``, and what is absent is empty.
    """
    found = response.recommendation
    return Answer(
        path=_path(found.path),
        certainty=_certainty(found.certainty),
        possible_paths=tuple(map(_path, found.possible_paths)),
        headline=found.headline,
        assessments=tuple(map(_assessment, found.assessments)),
        findings=tuple(map(_finding, found.findings)),
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
        ruleset=Ruleset(
            name=response.ruleset.name,
            version=response.ruleset.version,
            digest=response.ruleset.digest,
        ),
        decision_id=response.decision_id,
        message=response,
    )


def _assessment(message: pb.PathAssessment) -> PathAssessment:
    return PathAssessment(
        path=_path(message.path),
        fit=_fit(message.fit),
        open_now=_ternary(message.open_now),
        reasons=tuple(map(_reason, message.reasons)),
        why_not=tuple(map(_reason, message.why_not)),
    )


def _reason(message: pb.Reason) -> Reason:
    return Reason(
        message=message.message,
        rule_id=message.rule_id,
        claims=tuple(message.claims),
        convention=message.convention,
        evidence=_evidence(message.evidence),
    )


def _finding(message: pb.Finding) -> Finding:
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
        could_lead_to=tuple(map(_path, message.could_lead_to)),
    )


def _evidence(messages: Iterable[pb.Evidence]) -> tuple[Evidence, ...]:
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
                path=_path(band.path),
                level=_level(band.level),
                low_usd=band.low_usd,
                high_usd=band.high_usd,
                open_ended=band.open_ended,
            )
            for band in message.bands
        ),
    )


def _trace(message: pb.Trace) -> Trace:
    return Trace(
        signals=tuple(Signal(name=s.name, value=_ternary(s.value)) for s in message.signals),
        rules_fired=tuple(message.rules_fired),
    )
