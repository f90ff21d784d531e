"""Requests about made-up people, all different, as a career platform might send them.

Careers come in kinds (engineers, researchers, those in between, beginners), whose numbers
cluster as they do in life; most people answer most questions, some few.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from rolefit.engine.facts import Facts, write_fact
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

SEED = 20_260_425
_COUNTRIES = ("US", "US", "US", "GB", "DE", "IN", "CA", "FR", "CH", "SG")
_EMPLOYERS = ("PRODUCT_COMPANY", "AI_PLATFORM", "SEARCH_RECSYS", "ORDINARY_SAAS", "QUANT")
_IMPACTS = ("REVENUE", "CONVERSION", "LATENCY", "INFERENCE_COST", "QUALITY", "FRAUD_LOSS")
_AREAS = ("LLM_APP_ARCHITECTURE", "GPU_EFFICIENCY", "SERVING", "EVAL_DESIGN")
_MOTIVES = ("PRESTIGE", "SAFETY", "PAY_UPSIDE", "CURIOSITY", "USER_IMPACT", "MOBILITY")


def requests(count: int, seed: int = SEED) -> list[bytes]:
    """That many different requests, serialised; the same for the same seed."""
    rng = random.Random(seed)
    found: dict[bytes, None] = {}
    while len(found) < count:
        request = RecommendRequest(profile=_profile(_person(rng)))
        found[request.SerializeToString(deterministic=True)] = None
    return list(found)


def _profile(facts: Facts) -> CandidateProfile:
    profile = CandidateProfile()
    for path, value in facts.items():
        write_fact(profile, path, value)
    return profile


def _person(rng: random.Random) -> Facts:
    everything = dict(_facts(rng))
    answered = rng.choice((1.0, 1.0, 0.95, 0.9, 0.8, 0.5))
    return {path: value for path, value in everything.items() if rng.random() < answered}


def _facts(
    rng: random.Random,
) -> Iterator[tuple[str, bool | int | float | str | frozenset[str]]]:
    """Everything about one person."""
    science = rng.choice((0.05, 0.15, 0.3, 0.6, 0.9))  # how far towards research
    age = rng.choice((0.1, 0.3, 0.5, 0.8))  # how far into the career

    def rating(leaning: float) -> int:
        return min(5, max(1, round(rng.gauss(1 + 4 * leaning, 0.9))))

    def count(mean: float) -> int:
        return int(rng.expovariate(1 / mean)) if mean > 0 else 0

    def years(mean: float) -> float:
        # The tail of the distribution is longer than a life.
        return min(50.0, round(rng.expovariate(1 / mean), 1))

    def some(values: tuple[str, ...], share: float) -> frozenset[str]:
        return frozenset(value for value in values if rng.random() < share)

    doctor = rng.random() < 0.05 + 0.6 * science * age
    levels = ("EARLY", "MID", "SENIOR", "STAFF_PRINCIPAL", "MANAGER_DIRECTOR")
    yield "level", levels[min(4, max(0, round(rng.gauss(4 * age, 0.6))))]
    degree = "PHD" if doctor else rng.choice(("NONE", "BACHELORS", "MASTERS", "MASTERS"))
    yield "credentials.highest_degree", degree
    under_way = rng.random() < 0.2 * science
    yield (
        "credentials.phd_status",
        ("COMPLETED" if doctor else "IN_PROGRESS" if under_way else "NONE"),
    )
    yield "credentials.bootcamp_only_ml", not doctor and rng.random() < 0.1
    yield "credentials.research_lab_years", years(0.2 + 3 * science * age)
    yield "publications.top_tier_papers", count(4 * science * age)
    yield "publications.other_papers", count(5 * science)
    yield "publications.citations", count(300 * science * age + 1)
    yield "publications.influential_oss_research", rng.random() < 0.12 * science
    yield "publications.benchmark_setting", rng.random() < 0.08 * science
    yield "engineering.years_software", years(0.5 + 10 * age * (1 - science))
    yield "engineering.years_production_ml", years(0.3 + 6 * age * (1 - science))
    yield "engineering.models_shipped", count(6 * age * (1 - science))
    yield "engineering.demo_projects", count(3)
    yield "engineering.owns_lifecycle", rng.random() < 0.6 * (1 - science)
    yield "engineering.measured_impact", some(_IMPACTS, 0.4 * (1 - science))
    yield "engineering.integration_time_share", round(rng.betavariate(2, 3), 2)
    yield "skills.systems_strength", rating(0.8 - 0.5 * science)
    yield "skills.model_depth", rating(0.35 + 0.5 * science)
    yield "skills.experimental_rigor", rating(0.3 + 0.5 * science)
    yield "skills.research_taste", rating(0.2 + 0.6 * science)
    yield "skills.eval_design", rating(0.5)
    yield "skills.evals_predict_user_value", rng.random() < 0.4
    yield "skills.areas", some(_AREAS, 0.35)
    instinct = rng.random() + science - 0.5
    yield (
        "temperament.first_instinct",
        ("DEPLOY" if instinct < 0.4 else "BOTH" if instinct < 0.6 else "UNDERSTAND"),
    )
    yield "temperament.likes_shipping", rating(0.9 - 0.7 * science)
    yield "temperament.likes_research", rating(0.2 + 0.7 * science)
    yield "temperament.likes_systems_work", rating(0.7 - 0.4 * science)
    yield "temperament.uncertainty_tolerance", rating(0.5)
    yield "temperament.negative_results_tolerance", rating(0.3 + 0.4 * science)
    yield "temperament.slow_feedback_tolerance", rating(0.3 + 0.4 * science)
    yield "goals.wants_mostly_novel_research", rng.random() < science
    yield "goals.wants_research_adjacent", rng.random() < 0.2 + 0.5 * science
    yield "goals.wants_broad_market", rng.random() < 0.5
    yield "goals.research_questions_keep_awake", rng.random() < 0.6 * science
    yield "goals.motives", some(_MOTIVES, 0.3)
    yield "goals.risk_tolerance", rating(0.5)
    yield "target.employer_type", rng.choice(_EMPLOYERS)
    yield "target.research_part_of_business", rng.random() < 0.3
    yield "target.can_change_employer", rng.random() < 0.7
    yield "target.country", rng.choice(_COUNTRIES)
    yield "compensation.expected_total_usd", rng.randrange(60, 900) * 1000
    yield "compensation.equity_share", round(rng.betavariate(2, 5), 2)
    yield "compensation.has_competing_ai_offer", rng.random() < 0.2
