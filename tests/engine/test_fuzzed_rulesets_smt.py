"""Random rule sets as formulas: z3 has to say what the rules engine says."""

from __future__ import annotations

import os
import random

import pytest

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.ruleset import ALL_PATHS, Ruleset
from tests.rulesets import random_facts, random_ruleset

z3 = pytest.importorskip("z3")
from rolefit.verification.smt import SmtRules  # noqa: E402

# Translating takes longer than asking, so there are fewer of both.
RULESETS = max(1, int(os.environ.get("ROLEFIT_FUZZED_RULESETS", "40")) // 4)
PROFILES = 12


@pytest.fixture(scope="module")
def shipped() -> Ruleset:
    return load_ruleset()


@pytest.mark.parametrize("seed", range(RULESETS))
def test_formulas_and_engine_agree(shipped: Ruleset, seed: int) -> None:
    ruleset = random_ruleset(seed, shipped)
    rng = random.Random(seed)
    rules = SmtRules(ruleset)
    with Engine(ruleset) as engine:
        for _ in range(PROFILES):
            facts = random_facts(rng, ruleset)
            outcome = engine.run(facts)
            pairs = rules.substitution(facts)
            path = z3.simplify(z3.substitute(rules.path, *pairs))
            assert ALL_PATHS[path.as_long()] == outcome.verdict.path
            for name, value in outcome.signals.items():
                yes, no = (
                    z3.is_true(z3.simplify(z3.substitute(side, *pairs)))
                    for side in rules.signals[name]
                )
                assert ("YES" if yes else "NO" if no else "UNKNOWN") == value


@pytest.mark.parametrize("seed", range(RULESETS))
def test_a_solver_finds_no_other_possible_path(shipped: Ruleset, seed: int) -> None:
    """Over all values there are, not only over those that were thought of."""
    ruleset = random_ruleset(seed, shipped)
    rng = random.Random(seed)
    rules = SmtRules(ruleset)
    with Engine(ruleset) as engine:
        facts = random_facts(rng, ruleset)
        verdict = engine.run(facts).verdict
        known = {path: variable.known for path, variable in rules.variables.items()}
        absent = {known[path].get_id() for path in known if path not in facts}
        given = [
            variable == value
            for variable, value in rules.substitution(facts)
            if variable.get_id() not in absent
        ]
        solver = z3.Solver()
        solver.add(*rules.limits, *known.values(), *given)
        for i, path in enumerate(ALL_PATHS):
            reachable = solver.check(rules.path == i) == z3.sat
            assert reachable == (path in verdict.possible)
