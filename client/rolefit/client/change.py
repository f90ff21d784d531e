"""What would have to change for a path, as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolefit.client.answer import Recommendation
from rolefit.client.field_change import FieldChange
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import ChangeOutcome, Path

if TYPE_CHECKING:
    from rolefit.v1.profile_pb2 import CandidateProfile
    from rolefit.v1.recommendation_service_pb2 import FindChangesResponse


@dataclass(frozen=True, slots=True)
class Change:
    """A smallest change: no part of it would do."""

    fields: tuple[FieldChange, ...]
    """The fields it touches, those that take most effort first."""
    # Messages have no hash.
    profile: CandidateProfile = field(repr=False, hash=False)
    """The profile with the change made, ready to be sent."""
    recommendation: Recommendation
    """The answer to that profile, in the BASIC view. The rules gave it; it was not derived."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The smallest changes that reach a path, and which rule set said so."""

    current_path: Path
    """The path recommended for the profile as it is."""
    outcome: ChangeOutcome
    """What was found."""
    changes: tuple[Change, ...]
    """Smallest changes, no one contained in another: first those with the fewest fields that
    take years, then months, weeks, a wish, a conversation. Empty unless FOUND."""
    headline: str
    """One plain sentence."""
    ruleset: Ruleset
    """Which rule set said so."""
    decision_id: str
    """Identifier of this decision, different for every call."""
    message: FindChangesResponse = field(repr=False, compare=False)
    """The response as it came."""
