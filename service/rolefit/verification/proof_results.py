"""What proofs come to: results, refutations and the profiles found on the way."""

from __future__ import annotations

from dataclasses import dataclass

from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Rule, Ruleset
from rolefit.verification.properties import Property

PROVEN, REFUTED, OPEN = "proven", "refuted", "open"


@dataclass(frozen=True)
class Refutation:
    """Why a property does not hold.

    Attributes:
        what: What fails, in words.
        profiles: Profiles that show it, confirmed by the engine; two where one has to be
            held against the other; none where it is that no profile does something.
        answers: The path for each of them.
    """

    what: str
    profiles: tuple[Facts, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What became of one property; `queries` counts questions put to the solver."""

    property: Property
    status: str
    seconds: float
    queries: int
    refutations: tuple[Refutation, ...] = ()


@dataclass(frozen=True)
class Firing:
    """A profile that makes a rule fire, or gives it one of its values.

    Attributes:
        rule: The rule.
        state: "" for a rule that fires; YES, NO or UNKNOWN of a signal; READY, MISSING, THIN
            or UNKNOWN of an interview round.
        profile: The profile.
        path: What it is answered.
    """

    rule: Rule
    state: str
    profile: Facts
    path: str


@dataclass(frozen=True)
class Report:
    """All results for one rule set, and the profiles found on the way."""

    ruleset: Ruleset
    solver: str
    results: tuple[Result, ...]
    firings: tuple[Firing, ...]

    @property
    def statuses(self) -> frozenset[str]:
        """Those of the results."""
        return frozenset(result.status for result in self.results)

    @property
    def status(self) -> str:
        """REFUTED if anything is, else OPEN if anything is, else PROVEN."""
        return next((s for s in (REFUTED, OPEN) if s in self.statuses), PROVEN)
