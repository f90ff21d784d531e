"""What a statement rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field that a statement rests on."""

    field: str
    """Path of the field in the profile, such as ``publications.top_tier_papers``."""
    observed: str
    """The value seen, in words."""
    condition: str
    """What the value met, or in a ``why_not`` failed to meet."""
