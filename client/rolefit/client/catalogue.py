"""What the guide says and which rules apply it, as plain Python values.

They mirror the messages of the contract field by field. Lists are tuples; what the server
left out of a list or a text is empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import ClaimStrength, FindingKind, Path, RuleLayer

if TYPE_CHECKING:
    from rolefit.v1 import catalogue_pb2, catalogue_service_pb2


@dataclass(frozen=True, slots=True)
class Statement:
    """Something the guide says."""

    text: str
    """One plain sentence."""
    claims: tuple[str, ...]
    """Claims behind it, such as ``G55``."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims."""


@dataclass(frozen=True, slots=True)
class Section:
    """Statements about one topic."""

    id: str
    """Identifier, such as ``scope``."""
    title: str
    """Heading in words."""
    statements: tuple[Statement, ...]
    """The statements."""


@dataclass(frozen=True, slots=True)
class PathEntry:
    """What the guide says of a path."""

    path: Path
    """The path."""
    title: str
    """Its name in words, such as ``ML engineer``."""
    tagline: Statement
    """The path in one sentence."""
    sections: tuple[Section, ...]
    """The guide's statements by topic, in the guide's order."""
    message: catalogue_pb2.PathEntry = field(repr=False, compare=False)
    """The message as it came."""


@dataclass(frozen=True, slots=True)
class ComparisonCell:
    """What one row of a comparison says of one path."""

    path: Path
    """The path."""
    statement: Statement | None
    """What the guide says. None where it says nothing of this path."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One row of a table that compares paths."""

    dimension: str
    """Identifier of the dimension, such as ``core-job``."""
    title: str
    """Heading in words."""
    cells: tuple[ComparisonCell, ...]
    """One cell for each path compared, in the order asked for."""
    message: catalogue_pb2.ComparisonRow = field(repr=False, compare=False)
    """The message as it came."""


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule, in readable form."""

    id: str
    """Its identifier."""
    layer: RuleLayer
    """What kind of conclusion it draws."""
    concludes: str
    """What it concludes: the signal, the finding's code, the path, or the statement."""
    paths: tuple[Path, ...]
    """Paths it speaks of. Empty if of none in particular."""
    condition: str
    """Its condition, as lines of the rule language."""
    no_condition: str
    """Its condition for NO, of a signal that has one. Empty otherwise."""
    sentences: tuple[str, ...]
    """Its sentences, as templates."""
    claims: tuple[str, ...]
    """Claims behind it."""
    strength: ClaimStrength
    """How flatly the guide states it: the weakest of the claims."""
    convention: bool
    """True if the guide is silent and the rule set chose."""
    source: str
    """File it stands in, relative to the rules folder, and line."""
    message: catalogue_pb2.RuleEntry = field(repr=False, compare=False)
    """The message as it came."""


@dataclass(frozen=True, slots=True)
class ClaimEntry:
    """A claim of the guide, and where it lives in the product."""

    id: str
    """Its identifier, such as ``G26``."""
    section: str
    """The guide's section."""
    kind: str
    """Its kind, such as gate or risk."""
    strength: ClaimStrength
    """How flatly the guide states it."""
    text: str
    """The claim in a sentence."""
    homes: tuple[str, ...]
    """Where it lives, such as ``rule thin-publications`` or ``dimension core-job``."""
    message: catalogue_pb2.ClaimEntry = field(repr=False, compare=False)
    """The message as it came."""


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """A finding code."""

    code: str
    """The code, such as ``RISK_NARROW_SEATS``."""
    kind: FindingKind
    """What sort of finding it is."""
    meaning: str
    """What it means, in one sentence."""
    claims: tuple[str, ...]
    """Claims behind it."""
    rule_ids: tuple[str, ...]
    """Rules that add it."""
    message: catalogue_pb2.CodeEntry = field(repr=False, compare=False)
    """The message as it came."""


@dataclass(frozen=True, slots=True)
class VocabularyEntry:
    """A field of the profile as the rules know it."""

    field: str
    """Path of the field in the profile."""
    label: str
    """Its name in words."""
    question: str
    """The question that asks for it."""
    kind: str
    """Sort of value: flag, number, choice, set or text."""
    values: tuple[str, ...]
    """Values it accepts, for a choice or a set."""
    ask_rank: int
    """Place in the order of questions, from 1; 0 if it is never asked."""
    unit: str
    """Unit of a number, such as "years". Empty for any other kind."""


@dataclass(frozen=True, slots=True)
class Convention:
    """A choice of the rule set where the guide is silent."""

    name: str
    """Threshold or rule it concerns, such as ``$equivalent_papers``."""
    value: str
    """Its value, for a threshold. Empty for a rule."""
    why: str
    """Why it was chosen so."""


@dataclass(frozen=True, slots=True)
class RulesetEntry:
    """The rule set as a whole."""

    ruleset: Ruleset
    """Name, version and digest."""
    guide: str
    """Where its knowledge comes from."""
    rule_count: int
    """Number of rules."""
    claim_count: int
    """Number of claims of the guide."""
    code_count: int
    """Number of finding codes."""
    vocabulary: tuple[VocabularyEntry, ...]
    """The fields of a profile."""
    conventions: tuple[Convention, ...]
    """The choices made where the guide is silent."""
    message: catalogue_service_pb2.GetRulesetResponse = field(repr=False, compare=False)
    """The message as it came."""
