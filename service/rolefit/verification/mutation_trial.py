"""Tries mutants of a rule set against rule tests."""

from __future__ import annotations

import enum
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass

from rolefit.engine.errors import InferenceError
from rolefit.engine.recommender import Engine
from rolefit.verification.mutation import Mutant, is_refused
from rolefit.verification.observation import Observation
from rolefit.verification.rule_tests import RuleTest, failures


class Fate(enum.Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    REFUSED = "refused"


@dataclass(frozen=True)
class Trial:
    """What became of a mutant, and the first test that noticed it, if one did."""

    mutant: Mutant
    fate: Fate
    noticed_by: str = ""


@dataclass(frozen=True)
class _Plan:
    mutants: Sequence[Mutant]
    tests: Sequence[RuleTest]


# What a worker process tries, set when it starts.
_plan = _Plan((), ())


def try_mutants(
    mutants: Sequence[Mutant], tests: Sequence[RuleTest], processes: int = 1
) -> list[Trial]:
    """Tries mutants, in order; the tests must pass on the rules as they are."""
    places = range(len(mutants))
    if processes == 1:
        return [try_mutant(mutant, tests) for mutant in mutants]
    arguments = (_Plan(mutants, tests),)
    with multiprocessing.Pool(processes, _start_worker, arguments) as pool:
        outcomes = pool.map(_try_place, places, chunksize=8)
    return [Trial(mutants[i], fate, by) for i, (fate, by) in zip(places, outcomes, strict=True)]


def _start_worker(plan: _Plan) -> None:
    global _plan
    _plan = plan


def _try_place(place: int) -> tuple[Fate, str]:
    # Without the mutant, which holds a whole rule set and would be copied back.
    trial = try_mutant(_plan.mutants[place], _plan.tests)
    return trial.fate, trial.noticed_by


def try_mutant(mutant: Mutant, tests: Sequence[RuleTest]) -> Trial:
    """Runs tests on a mutant until one fails, those first that speak of the rule changed."""
    if is_refused(mutant.ruleset):
        return Trial(mutant, Fate.REFUSED)
    try:
        engine = Engine(mutant.ruleset)
    except ValueError:  # outside of what the rules engine can bear
        return Trial(mutant, Fate.REFUSED)
    with engine:
        for test in sorted(tests, key=lambda test: not _speaks_of(test, mutant)):
            if _notices(test, engine):
                return Trial(mutant, Fate.KILLED, f"{test.file}:{test.line}: {test.name}")
    return Trial(mutant, Fate.SURVIVED)


def _speaks_of(test: RuleTest, mutant: Mutant) -> bool:
    signals = [rule.signal for rule in mutant.ruleset.signals if rule.id == mutant.rule_id]
    subjects = (mutant.rule_id, *signals)
    return any(expectation.subject in subjects for expectation in test.expectations)


def _notices(test: RuleTest, engine: Engine) -> bool:
    try:
        return bool(failures(test, Observation(engine, test.profile)))
    except (InferenceError, KeyError, StopIteration):
        return True  # no answer at all is noticed, too
