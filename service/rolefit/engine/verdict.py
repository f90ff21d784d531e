"""From the verdict rules that fired to one path, how certain it is, and what else could be.

Verdict rules stand in order and the first whose condition is true concludes. Each is
evaluated in three values: true, false, or unknown because a signal is. What is true or
false on signals that no filling of the absent fields can turn over stays so; hence the
paths still possible are those of the rules before the first one that stays true, those
that stay false left out, and that one's.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from rolefit.engine.ruleset import PATHS, UNDETERMINED, VerdictRule


@dataclass(frozen=True)
class Verdict:
    """The conclusion.

    Attributes:
        rule: The rule that concluded.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        possible: Paths that some filling of the absent fields may lead to, in contract
            order, UNDETERMINED last. It may hold one too many, never one too few.
        open_rules: The rules that could still conclude, in order.
    """

    rule: VerdictRule
    certainty: str
    possible: tuple[str, ...]
    open_rules: tuple[VerdictRule, ...]

    @property
    def path(self) -> str:
        """The path concluded."""
        return self.rule.path


def conclude(
    rules: tuple[VerdictRule, ...],
    true: Set[str],
    stays_true: Set[str],
    stays_false: Set[str],
    disputable: bool,
) -> Verdict:
    """Concludes from the ids of the verdict rules.

    Args:
        rules: All verdict rules in order; the last is always true.
        true: Those whose condition is true.
        stays_true: Those whose condition no filling can make other than true.
        stays_false: Those whose condition no filling can make other than false.
        disputable: Whether the facts contradict each other on some signal, or could once
            more fields are given, so that a signal may stay unknown for good.
    """
    winner = next(rule for rule in rules if rule.id in true)
    open_rules = []
    possible = set()
    for rule in rules:
        if rule.id in stays_false:
            continue
        waiting = rule.waits_for_facts
        open_rules.append(rule)
        # A rule that waits for a fact cannot fire once every fact is there.
        if not waiting or disputable:
            possible.add(rule.path)
        if rule.id in stays_true and not waiting:
            break
    ordered = tuple(path for path in (*PATHS, UNDETERMINED) if path in possible)
    if winner.path == UNDETERMINED:
        certainty = UNDETERMINED
    else:
        certainty = "CERTAIN" if ordered == (winner.path,) else "PROVISIONAL"
    return Verdict(winner, certainty, ordered, tuple(open_rules))
