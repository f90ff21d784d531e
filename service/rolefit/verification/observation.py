"""What an engine makes of one profile, as far as tests of rules speak of it."""

from __future__ import annotations

import functools

from rolefit.engine.facts import read_facts
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import PATHS
from rolefit.v1.path_pb2 import Path
from rolefit.v1.preparation_pb2 import Preparation, Readiness
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import CompensationCoverage, Fit, Recommendation, Ternary


class Observation:
    """The answer to one profile. What it takes beyond the outcome is asked for when read.

    Attributes:
        outcome: What the rules made of the profile.
    """

    def __init__(self, engine: Engine, profile: CandidateProfile):
        self._engine = engine
        self._profile = profile
        self.outcome = engine.run(read_facts(profile))

    @functools.cached_property
    def findings(self) -> frozenset[str]:
        """Codes of the findings."""
        met = self.outcome.met
        return frozenset(r.code for r in self._engine.ruleset.findings if r.id in met)

    @functools.cached_property
    def fired(self) -> frozenset[str]:
        """Ids of the rules whose condition is true; of an interview round, if it is ready."""
        items = (i.rule_id for p in self._preparations for i in (*p.resume, *p.negotiation))
        ready = (rule_id for rule_id, state in self.rounds.items() if state == "READY")
        return frozenset((*self.outcome.met, *items, *ready))

    def noticeable(self) -> tuple[object, ...]:
        """What a person could notice, but for how much each fit weighs."""
        verdict = self.outcome.verdict
        ordered = (*self._engine.ruleset.verdicts, *self._engine.ruleset.statements)
        # Of these only the first true one shows.
        shown = self.fired - {rule.id for rule in ordered} | self.concluding
        return verdict.certainty, verdict.possible, shown, self.findings, self.rounds

    @functools.cached_property
    def concluding(self) -> frozenset[str]:
        """Ids of the rules that settle the verdict, the seat and the pay, the first true."""
        first: dict[str, str] = {}
        for rule in self._engine.ruleset.statements:
            if rule.id in self.outcome.met:
                first.setdefault(rule.topic, rule.id)
        return frozenset((self.outcome.verdict.rule.id, *first.values()))

    @functools.cached_property
    def rounds(self) -> dict[str, str]:
        """READY, MISSING, THIN or UNKNOWN for each interview round, by rule id."""
        return {
            each.rule_id: Readiness.Name(each.readiness).removeprefix("READINESS_")
            for preparation in self._preparations
            for each in preparation.rounds
        }

    @functools.cached_property
    def fits(self) -> dict[str, str]:
        """WEAK, MIXED, GOOD, STRONG or UNKNOWN for each path."""
        return {
            Path.Name(each.path).removeprefix("PATH_"): Fit.Name(each.fit).removeprefix("FIT_")
            for each in self._answer.assessments
        }

    @property
    def seat(self) -> str:
        """YES, NO or UNKNOWN: whether the employer has a seat."""
        return Ternary.Name(self._answer.seat.available).removeprefix("TERNARY_")

    @property
    def pay(self) -> str:
        """What can be said of pay, such as COVERED."""
        coverage = CompensationCoverage.Name(self._answer.compensation.coverage)
        return coverage.removeprefix("COMPENSATION_COVERAGE_")

    @functools.cached_property
    def _preparations(self) -> list[Preparation]:
        return self._engine.prepare(self._profile, PATHS).preparations

    @functools.cached_property
    def _answer(self) -> Recommendation:
        return self._engine.recommend(self._profile)
