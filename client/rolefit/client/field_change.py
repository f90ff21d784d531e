"""One field that differs, or has to."""

from __future__ import annotations

from dataclasses import dataclass

from rolefit.client.vocabulary import Effort


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs, or has to."""

    field: str
    """Path of the field in the profile, such as ``publications.top_tier_papers``."""
    label: str
    """Its name in words."""
    observed: str
    """The value seen, in words; "not given" if absent."""
    needed: str
    """What it has to be, in words, such as "at least 3". Every value of which this is true
    would do, if the other changes are made too."""
    effort: Effort
    """What it takes a person to get there."""
