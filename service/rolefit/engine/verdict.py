"""From the verdict rules that fired to one path, and how certain it is."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from rolefit.engine.decision_space import DecisionSpace, Position
from rolefit.engine.errors import InferenceError
from rolefit.engine.facts import Facts
from rolefit.engine.fillings import FillingCounter, Fillings, OpenField
from rolefit.engine.ruleset import ALL_PATHS, UNDETERMINED, Ruleset, VerdictRule


@dataclass(frozen=True)
class Verdict:
    """The conclusion.

    Attributes:
        rule: The rule that concluded.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        fillings: What is possible.
        position: Where the profile is in the decision space; None if there is none.
    """

    rule: VerdictRule
    certainty: str
    fillings: Fillings
    position: Position | None

    @property
    def path(self) -> str:
        """The path concluded."""
        return self.rule.path

    @property
    def possible(self) -> tuple[str, ...]:
        """Paths that complete fillings lead to, in contract order, UNDETERMINED last."""
        return self.fillings.possible

    @property
    def open_fields(self) -> tuple[OpenField, ...]:
        """The absent fields that can change the path, in the order to ask."""
        return self.fillings.open_fields

    @property
    def proven(self) -> bool:
        """False if the rule set is too large to look at all fillings.

        Then nothing is CERTAIN, every path is possible and every absent field may matter.
        """
        return self.position is not None


def first_true(rules: tuple[VerdictRule, ...], true: Set[str]) -> VerdictRule:
    """The rule that concludes: the first whose id is among the true ones."""
    return next(rule for rule in rules if rule.id in true)


class Judge:
    """Says how certain a conclusion is.

    Args:
        ruleset: The rules.
        space: All profiles as the rules see them; None if there are too many.
        decisive: The fields that verdicts rest on.
        capacity: Most entries of a memory.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        space: DecisionSpace | None,
        decisive: Set[str],
        capacity: int,
    ):
        order, first = ruleset.vocabulary.ask_order, ruleset.vocabulary.ask_first
        self._decisive = [path for path in order if path in decisive]
        self._space = space
        self._counter = None if space is None else FillingCounter(space, first, capacity)

    def judge(self, rule: VerdictRule, facts: Facts) -> Verdict:
        """The verdict, given the rule that concluded.

        Raises:
            InferenceError: The decision diagram says another path than the rules engine.
        """
        if self._space is None:
            return self._verdict(rule, self._anything(facts), None)
        return self.judge_at(rule, self._space.locate(facts))

    def judge_at(self, rule: VerdictRule, position: Position) -> Verdict:
        """The same, for a profile that was located.

        Raises:
            InferenceError: The decision diagram says another path than the rules engine.
        """
        assert self._space is not None
        assert self._counter is not None
        path = self._space.path_at(position)
        if path != rule.path:
            raise InferenceError(f"{rule.id} concluded, the decision diagram says {path}")
        return self._verdict(rule, self._counter.fillings(position), position)

    @staticmethod
    def _verdict(rule: VerdictRule, fillings: Fillings, position: Position | None) -> Verdict:
        if rule.path == UNDETERMINED:
            certainty = UNDETERMINED
        else:
            certainty = "CERTAIN" if fillings.fixed else "PROVISIONAL"
        return Verdict(rule, certainty, fillings, position)

    def _anything(self, facts: Facts) -> Fillings:
        fields = (
            OpenField(path, essential=False, settles=0.0, sways=ALL_PATHS)
            for path in self._decisive
            if path not in facts
        )
        return Fillings(ALL_PATHS, fixed=False, open_fields=tuple(fields))
