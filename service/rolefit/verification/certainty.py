"""What the engine teaches a solver about certainty.

How certain an answer is depends on all fillings of a profile at once, so in the formulas
certainty is free, and a solver may believe one that no profile of that sort has. Then it is
told what the engine found, for every profile for which the same has to hold.
"""

from __future__ import annotations

from typing import Any

import z3

from rolefit.engine.checks import conditions_of, decisive_fields, decisive_signals
from rolefit.engine.conditions import Test, tests_of
from rolefit.engine.facts import Facts
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import CERTAINTIES, UNDETERMINED
from rolefit.verification.smt import Formula, SmtRules, all_of, any_of

# Solver and engine talk no longer than this about one question.
MOST_LESSONS = 40
_CERTAIN = "CERTAIN"


class CertaintyTeacher:
    """Says where the certainty that a solver believes is not the engine's.

    Args:
        rules: The formulas.
        engine: Runs the same rules.
    """

    def __init__(self, rules: SmtRules, engine: Engine):
        self._rules = rules
        self._engine = engine
        decisive = decisive_signals(rules.ruleset)
        self._tests: dict[str, list[Test]] = {
            path: [] for path in decisive_fields(rules.ruleset)
        }
        for rule in rules.ruleset.signals:
            if rule.signal in decisive:
                for condition in conditions_of(rule):
                    for test in tests_of(condition):
                        if test.subject in self._tests:
                            self._tests[test.subject].append(test)

    def lesson(self, model: Any, facts: Facts) -> Formula | None:
        """What the model has wrong about certainty; None if nothing, or if it is the path."""
        believed = model.eval(self._rules.certainty, model_completion=True).as_long()
        found = self._engine.run(facts).verdict.certainty
        if CERTAINTIES[believed] == found or UNDETERMINED in (CERTAINTIES[believed], found):
            return None
        certain = self._rules.certainty == CERTAINTIES.index(_CERTAIN)
        facts = {path: value for path, value in facts.items() if path in self._tests}
        if found == _CERTAIN:
            given = all_of(self._alike(path, facts) for path in self._enough(facts))
            return z3.Implies(given, certain)
        # Whoever knows less than this person is no more certain.
        return z3.Implies(
            all_of(self._no_more(path, facts) for path in self._tests), z3.Not(certain)
        )

    def _enough(self, facts: Facts) -> Facts:
        """As few of the facts as keep the answer certain; further ones cannot undo that."""
        for path in list(facts):
            fewer = {other: value for other, value in facts.items() if other != path}
            if self._engine.run(fewer).verdict.certainty == _CERTAIN:
                facts = fewer
        return facts

    def _no_more(self, path: str, facts: Facts) -> Formula:
        absent = z3.Not(self._rules.variables[path].known)
        return any_of([absent, self._alike(path, facts)]) if path in facts else absent

    def _alike(self, path: str, facts: Facts) -> Formula:
        """Where the field is known, and verdicts cannot tell its value from the one given."""
        told = (
            self._rules.truth(test)[0 if test.accepts(facts[path]) else 1]
            for test in self._tests[path]
        )
        return all_of([self._rules.variables[path].known, *told])
