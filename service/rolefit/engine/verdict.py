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
        possible: Paths that complete fillings of the absent fields lead to, in contract
            order, UNDETERMINED last.
        open_fields: The absent fields that can change the path, in the order to ask.
        proven: False if the rule set is too large to look at all fillings: then nothing is
            CERTAIN, every path is possible and every absent field may matter.
        position: Where the profile is in the decision space; None if there is none.
    """

    rule: VerdictRule
    certainty: str
    possible: tuple[str, ...]
    open_fields: tuple[OpenField, ...]
    proven: bool
    position: Position | None

    @property
    def path(self) -> str:
        """The path concluded."""
        return self.rule.path


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
        proven = position is not None
        return Verdict(
            rule, certainty, fillings.possible, fillings.open_fields, proven, position
        )

    def _anything(self, facts: Facts) -> Fillings:
        fields = (
            OpenField(path, essential=False, settles=0.0, sways=ALL_PATHS)
            for path in self._decisive
            if path not in facts
        )
        return Fillings(ALL_PATHS, fixed=False, open_fields=tuple(fields))
