"""Which rule set answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Which rule set answered."""

    name: str
    """Its name."""
    version: str
    """Its version."""
    digest: str
    """Digest of its content: equal digests give equal answers to equal profiles."""
