"""The rule set as plain frozen objects: loaded once, then read by every other part."""

from __future__ import annotations

from dataclasses import dataclass

from rolefit.engine.catalogue import Catalogue
from rolefit.engine.conditions import Condition
from rolefit.engine.templates import Template
from rolefit.engine.vocabulary import Vocabulary

# Strengths from the weakest: permissive, hedged, flat.
STRENGTHS = ("M", "S", "H")

PATHS = (
    "ML_ENGINEER",
    "RESEARCH_SCIENTIST",
    "RESEARCH_ENGINEER",
    "APPLIED_SCIENTIST",
    "ML_ENGINEER_MODEL_TEAM",
)
UNDETERMINED = "UNDETERMINED"
# Everything that a verdict can conclude.
ALL_PATHS = (*PATHS, UNDETERMINED)
CERTAINTIES = ("CERTAIN", "PROVISIONAL", "UNDETERMINED")
# Sentences that no single rule says, and the words that each may hold.
SENTENCES = {
    "outranked": ("path",),
    "no_loop": ("path",),
    "pay_overlap": ("low", "high"),
    "pay_overlap_open": ("low",),
    "same_path": ("path",),
    "changed_path": ("path_a", "path_b"),
    "convention": ("conclusion",),
    "change_found": ("path",),
    "change_already": ("path",),
    "change_none": ("path",),
    "opening_found": ("path",),
    "opening_already": ("path",),
    "opening_none": ("path",),
    "change_not_known": ("path",),
}
FITS = ("WEAK", "MIXED", "GOOD", "STRONG")
SEATS = ("YES", "NO", "UNKNOWN")
PAY_NOTES = ("SHAPE", "DRIVER", "PREMIUM", "OVERTAKING", "CAVEAT")
COVERAGES = ("COVERED", "LEVEL_UNKNOWN", "OUTSIDE_US", "PATH_NOT_COVERED")


@dataclass(frozen=True)
class Claim:
    """A claim of the guide: `id` such as G26, `strength` H, S or M."""

    id: str
    section: str
    kind: str
    strength: str
    text: str


@dataclass(frozen=True)
class Code:
    """A finding code. `rank` is its place in codes.yaml: principal codes come first."""

    name: str
    kind: str
    rank: int
    means: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Threshold:
    """A number that rules share. `why` says where it comes from."""

    name: str
    value: int | float
    convention: bool
    why: str


@dataclass(frozen=True)
class Rule:
    """What every rule has.

    Attributes:
        id: Unique in the rule set.
        claims: Ids of the claims it encodes; may be empty for contradictions.
        strength: Of the weakest claim: H flat, S hedged, M permissive; empty without one.
        convention: True if the guide is silent and the rule set chose.
        when: The condition under which it fires.
        file: File it stands in, relative to the rules folder.
        line: Line there, from 1.
        redundant: Why the rule stands although no answer would miss what it concludes; empty
            for a rule that some answer would miss.
    """

    id: str
    claims: tuple[str, ...]
    strength: str
    convention: bool
    redundant: str
    when: Condition
    file: str
    line: int


@dataclass(frozen=True)
class SignalRule(Rule):
    """Derives a signal: YES if `when` is true, NO if `no_when` is.

    `no_when` None means the exact opposite of `when`. If both are true the facts disagree
    and the signal is UNKNOWN.
    """

    signal: str
    no_when: Condition | None
    says_yes: Template
    says_no: Template
    says_unknown: Template


@dataclass(frozen=True)
class SentenceRule(Rule):
    """A rule that says one sentence where it fires."""

    because: Template


@dataclass(frozen=True)
class FindingRule(SentenceRule):
    """Adds a finding with `code`."""

    code: str


@dataclass(frozen=True)
class FitRule(SentenceRule):
    """Adds `points` to the fit of each path in `paths`; negative points speak against."""

    paths: tuple[str, ...]
    points: int


@dataclass(frozen=True)
class VerdictRule(SentenceRule):
    """Concludes a path, unless a verdict rule that stands earlier does."""

    path: str


@dataclass(frozen=True)
class StatementRule(SentenceRule):
    """Says `value` about the `topic` "seat" or "pay"; the earliest that fires counts."""

    topic: str
    value: str


@dataclass(frozen=True)
class PayNoteRule(SentenceRule):
    """Adds a note about pay; `kind` says what it is about."""

    kind: str


@dataclass(frozen=True)
class ItemRule(SentenceRule):
    """Adds an item to prepare for `path` under the `topic` "resume" or "negotiation"."""

    topic: str
    path: str


@dataclass(frozen=True)
class RoundRule(Rule):
    """An interview round of `path`: `when` is ready, else `missing_when`, else `thin_when`."""

    path: str
    title: str
    probes: Template
    missing_when: Condition
    thin_when: Condition
    says_ready: Template
    says_missing: Template
    says_thin: Template
    says_unknown: Template


@dataclass(frozen=True)
class PathCard:
    """A path: its words, and the signal that says whether it is open now ("" = always)."""

    path: str
    label: str
    open_signal: str


@dataclass(frozen=True)
class SkillsInDemand:
    """The skills in demand for `path`: the values of the set `field`, by these claims."""

    path: str
    field: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """Yearly total compensation in US dollars for a path and level, with its claims."""

    path: str
    level: str
    low: int
    high: int
    open_ended: bool
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Ruleset:
    """Everything in a rules folder, checked."""

    name: str
    version: str
    digest: str
    vocabulary: Vocabulary
    claims: dict[str, Claim]
    codes: dict[str, Code]
    thresholds: dict[str, Threshold]
    paths: dict[str, PathCard]
    fit_bands: tuple[tuple[int, str], ...]
    sentences: dict[str, Template]
    skills_in_demand: SkillsInDemand
    bands: tuple[Band, ...]
    signals: tuple[SignalRule, ...]
    findings: tuple[FindingRule, ...]
    fits: tuple[FitRule, ...]
    verdicts: tuple[VerdictRule, ...]
    statements: tuple[StatementRule, ...]
    pay_notes: tuple[PayNoteRule, ...]
    rounds: tuple[RoundRule, ...]
    items: tuple[ItemRule, ...]
    guide: str
    catalogue: Catalogue

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, by layer."""
        return (
            *self.signals,
            *self.findings,
            *self.fits,
            *self.verdicts,
            *self.statements,
            *self.pay_notes,
            *self.rounds,
            *self.items,
        )
