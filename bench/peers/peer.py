"""What the bench asks of every engine, ours and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rolefit.engine.facts import Facts


class NotAvailableError(Exception):
    """A peer cannot run here; the text says why in one line."""


@dataclass(frozen=True)
class Decided:
    """What an engine made of a profile: the path, and the ids of the rules that fired."""

    path: str
    fired: frozenset[str]


class Peer(Protocol):
    """An engine that holds the rule set.

    `decide` does all that the bench times, from facts to findings. `certainty` is what our
    engine says of the profile: a few rules read it, and no peer can derive it.
    """

    @property
    def name(self) -> str:
        """What the table calls it, with its version."""

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""

    def close(self) -> None:
        """Give back what it holds."""
