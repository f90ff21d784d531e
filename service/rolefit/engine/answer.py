"""An answer as it leaves the engine."""

from __future__ import annotations

from dataclasses import dataclass

from rolefit.engine.facts import Facts


@dataclass(frozen=True)
class Answer:
    """The recommendation for one profile, serialised, with what logs say of it.

    Attributes:
        body: A serialised `Recommendation`.
        path: The path concluded, such as ML_ENGINEER.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        facts: The known fields of the profile.
        rules_fired: Ids of the rules that fired, in the order of the rule files.
    """

    body: bytes
    path: str
    certainty: str
    facts: Facts
    rules_fired: tuple[str, ...]
