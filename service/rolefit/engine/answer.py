"""An answer as it leaves the engine."""

from __future__ import annotations

import functools
from collections.abc import Callable

from rolefit.engine.facts import Facts


class Answer:
    """The recommendation for one profile, serialised, with what logs say of it.

    Args:
        body: A serialised `Recommendation`.
        path: The path concluded, such as ML_ENGINEER.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        trace: Returns the known fields of the profile, and the ids of the rules that fired;
            called only if somebody asks.
    """

    def __init__(
        self,
        body: bytes,
        path: str,
        certainty: str,
        trace: Callable[[], tuple[Facts, tuple[str, ...]]],
    ):
        self.body = body
        self.path = path
        self.certainty = certainty
        self._trace = trace

    @functools.cached_property
    def _traced(self) -> tuple[Facts, tuple[str, ...]]:
        return self._trace()

    @property
    def facts(self) -> Facts:
        """The known fields of the profile."""
        return self._traced[0]

    @property
    def rules_fired(self) -> tuple[str, ...]:
        """Ids of the rules that fired, in the order of the rule files."""
        return self._traced[1]
