"""What lies between two profiles, as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolefit.client.answer import Finding, Recommendation
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import Path

if TYPE_CHECKING:
    from rolefit.v1.recommendation_service_pb2 import CompareProfilesResponse


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that differs."""

    field: str
    """Path of the field in the profile."""
    label: str
    """Its name in words."""
    a: str
    """Value in the first profile, in words; "not given" if absent."""
    b: str
    """Value in the second profile, in words; "not given" if absent."""


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Fields that change something together."""

    fields: tuple[str, ...]
    """Paths of the fields in the profile."""
    path: Path
    """The path that the first profile gets with them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two profiles held against each other: two people, or one person at two dates."""

    a: Recommendation
    """The answer to the first profile."""
    b: Recommendation
    """The answer to the second."""
    differences: tuple[FieldDifference, ...]
    """Fields in which the profiles differ, in the contract's order."""
    gained: tuple[Finding, ...]
    """Findings that the second has and the first has not."""
    lost: tuple[Finding, ...]
    """Findings that the first has and the second has not."""
    path_changed_by: tuple[FieldSet, ...]
    """The smallest sets of differing fields that changed the path. Empty if it is the same."""
    headline: str
    """One plain sentence."""


@dataclass(frozen=True, slots=True)
class ProfileComparison(Comparison):
    """A comparison, and which rule set made it."""

    ruleset: Ruleset
    """Which rule set made it."""
    decision_id: str
    """Identifier of this decision, different for every call."""
    message: CompareProfilesResponse = field(repr=False, compare=False)
    """The response as it came."""
