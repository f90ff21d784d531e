"""Which rules a server answers by, and how loading newer ones went."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RulesStatus:
    """The state of the rules at one moment. Every worker has the same.

    Attributes:
        name: Name of the rule set that serves.
        version: Its version.
        digest: Digest of its content.
        loaded_at: When the workers swapped to it. Unit: seconds since 1970.
        held: Digests that requests may name and that can be rolled back to: the one that
            serves, then from the latest that served to the earliest.
        failures: How many reloads failed since the server started.
        last_failure: Why the last one did, a line for each problem, with file and line; empty
            if none did.
        failing_since: Since when the rules folder has held rules that cannot be used; None
            if it does not. Unit: seconds since 1970.
        stale: Whether that has lasted longer than the settings allow.
    """

    name: str
    version: str
    digest: str
    loaded_at: float
    held: tuple[str, ...] = ()
    failures: int = 0
    last_failure: str = ""
    failing_since: float | None = None
    stale: bool = False

    def to_json(self) -> dict[str, Any]:
        """Render it for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> RulesStatus:
        """Read what `to_json` wrote."""
        return cls(**{**values, "held": tuple(values["held"])})
