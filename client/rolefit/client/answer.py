"""The answer as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolefit.client.evidence import Evidence
from rolefit.client.field_change import FieldChange
from rolefit.client.preparation import Preparation
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import (
    Certainty,
    ClaimStrength,
    CompensationCoverage,
    FindingKind,
    Fit,
    Level,
    Path,
    PayNoteKind,
    Ternary,
)

if TYPE_CHECKING:
    from rolefit.v1.recommendation_service_pb2 import RecommendResponse


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with what it rests on."""

    message: str
    """One plain sentence."""
    rule_id: str
    """The rule that gives it."""
    claims: tuple[str, ...]
    """Claims of the guide behind it, such as ``G26``."""
    convention: bool
    """True if no claim settles it and the rule set chose."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on."""


@dataclass(frozen=True, slots=True)
class PathAssessment:
    """One of the five paths held against the profile."""

    path: Path
    """The path."""
    fit: Fit
    """How well the known facts match it, whether or not it is open now."""
    open_now: Ternary
    """Whether the record lets the person enter now. A NO is never for good."""
    reasons: tuple[Reason, ...]
    """What speaks for it."""
    why_not: tuple[Reason, ...]
    """Why it is not the recommendation; for the one that is, what speaks against it."""
    would_need: tuple[FieldChange, ...]
    """The fewest fields that had to differ for it to be the recommendation, wishes and tastes
    included. One such set of several; `Client.find_changes` lists more. Empty for the
    recommended path, where no values of the fields lead to the path, and if not proven."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the rules found in the profile."""

    code: str
    """Stable code, such as ``RISK_NARROW_SEATS``. For programs, not for people."""
    kind: FindingKind
    """What sort of finding."""
    message: str
    """One plain sentence."""
    rule_id: str
    """The rule that fired."""
    claims: tuple[str, ...]
    """Claims of the guide behind it. Empty for a contradiction."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims cited."""
    convention: bool
    """True if the guide is silent and the rule set chose."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on. Empty in the BASIC view."""


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """An absent field worth asking for."""

    field: str
    """Path of the field in the profile."""
    question: str
    """The question in words."""
    options: tuple[str, ...]
    """The values it accepts, for a field with a list of them."""
    could_lead_to: tuple[Path, ...]
    """Paths the answer could lead to."""
    essential: bool
    """True if no answers to other questions can settle the path without this one."""
    settles: float
    """How much of what is open the answer settles on average, a share from 0 to 1. 0 if not
    proven."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A value at which the path is another one."""

    at: str
    """In words: "at most 2"."""
    distance: float
    """Distance from the value given to that bound, in the unit of the field. It can be 0 for
    a field that holds fractions: the very next number already flips."""
    path: Path
    """The path there."""


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a number is from changing the path, everything else as it is."""

    field: str
    """Path of the field in the profile."""
    label: str
    """Its name in words."""
    value: float
    """The value given, in the unit of the field."""
    below: Flip | None
    """The nearest smaller value with another path. None if there is none."""
    above: Flip | None
    """The nearest larger value with another path. None if there is none."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Whether the employer aimed at has a seat for the path."""

    available: Ternary
    """YES, NO, or UNKNOWN if no employer is named or the guide is silent."""
    message: str
    """One plain sentence."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on."""


@dataclass(frozen=True, slots=True)
class PayBand:
    """A band of yearly total compensation."""

    path: Path
    """The path."""
    level: Level
    """The level."""
    low_usd: int
    """Low end, in US dollars a year."""
    high_usd: int
    """High end, in US dollars a year."""
    open_ended: bool
    """True if pay can go beyond the high end."""
    claims: tuple[str, ...]
    """Claims of the guide behind the figures."""


@dataclass(frozen=True, slots=True)
class PayNote:
    """Something the guide says about pay; the message names the conditions, if any."""

    kind: PayNoteKind
    """What it is about."""
    message: str
    """One plain sentence."""
    rule_id: str
    """The rule that gives it."""
    claims: tuple[str, ...]
    """Claims of the guide behind it."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims cited."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on. Empty where it rests on no field of the profile."""


@dataclass(frozen=True, slots=True)
class PayOverlap:
    """Where the pay bands of the two tracks overlap."""

    low_usd: int
    """Low end, in US dollars a year."""
    high_usd: int
    """High end, in US dollars a year."""
    message: str
    """One plain sentence."""


@dataclass(frozen=True, slots=True)
class CompensationPanel:
    """What the guide says of pay: typical US total compensation in 2026."""

    coverage: CompensationCoverage
    """Whether the guide covers this answer."""
    message: str
    """One plain sentence: what the figures are, or why there are none."""
    bands: tuple[PayBand, ...]
    """Bands for the level, the recommended path first. Empty unless covered."""
    notes: tuple[PayNote, ...]
    """What shapes and drives pay on either track. Empty unless covered."""
    overlap: PayOverlap | None
    """Where the bands of the two tracks overlap. None unless covered."""


@dataclass(frozen=True, slots=True)
class Signal:
    """An intermediate fact that rules derive from the profile."""

    name: str
    """Its name in the rule set."""
    value: Ternary
    """What was derived."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer was reached."""

    signals: tuple[Signal, ...]
    """Every signal of the rule set, in the order derived."""
    rules_fired: tuple[str, ...]
    """Identifiers of the rules that fired, in the order of the rule files."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which path fits a person, and why.

    It mirrors the message of the contract field by field. Lists are tuples; what the server
    left out of a list or a text is empty. A newer server may send more than this client
    knows: values it has no name for are ``UNRECOGNIZED``.
    """

    path: Path
    """The path for the person. `Path.UNDETERMINED` counts as an answer."""
    certainty: Certainty
    """How firm it is."""
    possible_paths: tuple[Path, ...]
    """The paths that filling in the absent fields could still lead to: all of them and no
    other, if `proven`."""
    headline: str
    """The answer in one sentence."""
    assessments: tuple[PathAssessment, ...]
    """All five paths, best first. Empty in the BASIC view."""
    findings: tuple[Finding, ...]
    """What was found, principal findings first."""
    next_questions: tuple[NextQuestion, ...]
    """Absent fields whose answer could change the path: the essential ones first, then by
    how much an answer settles. Three at most in the BASIC view."""
    seat: Seat
    """Whether the employer aimed at has a seat for this path."""
    compensation: CompensationPanel | None
    """What the guide says of pay. None in the BASIC view."""
    trace: Trace | None
    """How the answer was reached. None except in the FULL view."""
    preparations: tuple[Preparation, ...]
    """What to prepare for the path, and for the best other one whose interviews the guide
    describes. Empty except in the FULL view."""
    proven: bool
    """True if certainty, possible paths and questions were computed over all values of all
    absent fields. False only where the rule set is too large for that."""
    margins: tuple[Margin, ...]
    """How far each number given is from changing the path by itself; one that cannot is left
    out. Empty in the BASIC view."""

    def codes(self) -> frozenset[str]:
        """Return the codes of all findings: ``"HYBRID_CANDIDATE" in answer.codes()``."""
        return frozenset(finding.code for finding in self.findings)

    def assessment_of(self, path: Path) -> PathAssessment | None:
        """Return the assessment of one path, or None if the answer has none of it."""
        return next((held for held in self.assessments if held.path is path), None)


@dataclass(frozen=True, slots=True)
class Answer(Recommendation):
    """A recommendation, and which rule set gave it."""

    ruleset: Ruleset
    """Which rule set gave it."""
    decision_id: str
    """Identifier of this decision, different for every call."""
    message: RecommendResponse = field(repr=False, compare=False)
    """The response as it came, with what this client has no name for."""
