"""Profiles that show something, each put to the engine before it is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rolefit.engine.conditions import Condition, tests_of
from rolefit.engine.facts import Facts, write_fact
from rolefit.engine.recommender import Engine
from rolefit.engine.vocabulary import FactValue
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.verification.observation import Observation
from rolefit.verification.smt import ANSWER_FINDINGS
from rolefit.verification.truth import Known, Truth, combine

Nested: TypeAlias = "dict[str, object]"


class WitnessError(Exception):
    """Solver and engine disagree about a profile: one of the two translations is wrong."""


def profile_of(facts: Facts) -> CandidateProfile:
    """The profile with exactly these facts."""
    profile = CandidateProfile()
    for path, value in facts.items():
        write_fact(profile, path, value)
    return profile


def observe(engine: Engine, facts: Facts) -> Observation:
    """What the engine makes of the profile with these facts."""
    return Observation(engine, profile_of(facts))


def truth_of(condition: Condition, observation: Observation) -> Truth:
    """Whether a condition holds by what the engine found, `answer.findings` included."""
    known = Known.of(observation.outcome)
    values = {**known.values, ANSWER_FINDINGS: observation.findings}
    known = Known(values, known.signals)
    return combine(condition, [known.truth(test) for test in tests_of(condition)])


def confirmed(facts: Facts, shows: Callable[[Facts], bool], what: str) -> Facts:
    """The profile, with the fields left out that it does not take.

    Args:
        facts: What the solver proposes.
        shows: Whether the engine finds a profile to show what it should.
        what: What it should show, for the error.

    Raises:
        WitnessError: The engine does not.
    """
    if not shows(facts):
        raise WitnessError(f"{what}: the engine does not confirm {nested(facts)}")
    for path in list(facts):
        fewer = {other: value for other, value in facts.items() if other != path}
        if shows(fewer):
            facts = fewer
    return facts


def nested(facts: Facts) -> Nested:
    """Facts in the form in which people write profiles."""
    profile: Nested = {}
    for path, value in facts.items():
        parent, _, name = path.rpartition(".")
        part = profile.setdefault(parent, {}) if parent else profile
        assert isinstance(part, dict)
        part[name] = _plain(value)
    return profile


def _plain(value: FactValue) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
