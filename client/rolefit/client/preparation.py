"""What to prepare for a path, as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolefit.client.evidence import Evidence
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import ClaimStrength, Path, Readiness

if TYPE_CHECKING:
    from rolefit.v1.recommendation_service_pb2 import PrepareResponse


@dataclass(frozen=True, slots=True)
class InterviewRound:
    """A round of an interview loop, held against the profile."""

    title: str
    """Name of the round, such as "Production judgement"."""
    probes: str
    """What it probes, in one plain sentence."""
    readiness: Readiness
    """How the evidence stands."""
    message: str
    """Why, in one plain sentence."""
    rule_id: str
    """The rule that says so."""
    claims: tuple[str, ...]
    """Claims of the guide behind it."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims cited."""
    convention: bool
    """True if the guide leaves the readiness open and the rule set chose."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on."""


@dataclass(frozen=True, slots=True)
class PreparationItem:
    """Something to lead with, anchor on or do."""

    message: str
    """One plain sentence."""
    rule_id: str
    """The rule that gives it."""
    claims: tuple[str, ...]
    """Claims of the guide behind it."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims cited."""
    convention: bool
    """True if no claim settles it and the rule set chose."""
    evidence: tuple[Evidence, ...]
    """The fields it rests on."""


@dataclass(frozen=True, slots=True)
class SkillGap:
    """The skills in demand that a person has and lacks."""

    held: tuple[str, ...]
    """Skills held, in words. Empty and ``known`` False if nobody looked."""
    missing: tuple[str, ...]
    """Skills in demand that are not held, in words. Empty if nobody looked."""
    known: bool
    """True if the profile tells which skills are held."""
    claims: tuple[str, ...]
    """Claims of the guide behind the list."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What to prepare for one path: interviews, résumé, negotiation, skills, next steps."""

    path: Path
    """The path it is for."""
    rounds: tuple[InterviewRound, ...]
    """Rounds of the interview loop. Empty if the guide does not describe the loop."""
    resume: tuple[PreparationItem, ...]
    """What the résumé should lead with, most telling first; only what is evidenced."""
    negotiation: tuple[PreparationItem, ...]
    """What to anchor a negotiation on; only what is evidenced."""
    skills: SkillGap | None
    """Skills in demand for ML engineers. None for the other paths."""
    next_steps: tuple[PreparationItem, ...]
    """What to do next, in the order of effect."""
    message: str
    """One plain sentence that says what is left out, and why. Empty if nothing is."""


@dataclass(frozen=True, slots=True)
class PreparationPack:
    """What to prepare for each of the paths asked for."""

    recommended_path: Path
    """The path recommended for the profile."""
    preparations: tuple[Preparation, ...]
    """What to prepare, in the order of the paths asked for."""
    ruleset: Ruleset
    """Which rule set said so."""
    decision_id: str
    """Identifier of this decision, different for every call."""
    message: PrepareResponse = field(repr=False, compare=False)
    """The response as it came."""

    def preparation_for(self, path: Path) -> Preparation | None:
        """Return what to prepare for one path, or None if the pack has none of it."""
        return next((held for held in self.preparations if held.path is path), None)
