"""Random profiles and fillings of their absent fields, made from the contract alone."""

from __future__ import annotations

import random
from collections.abc import Mapping

from google.protobuf import json_format
from hypothesis import strategies as st

from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Field, Kind, contract_fields
from rolefit.v1.profile_pb2 import CandidateProfile

FIELDS = contract_fields()
RATINGS = {
    path
    for path in FIELDS
    if (path.startswith(("skills.", "temperament.")) and FIELDS[path].kind is Kind.NUMBER)
    or path == "goals.risk_tolerance"
}
SHARES = {"engineering.integration_time_share", "compensation.equity_share"}

# Fields of which no value, given or absent, may ever move the path.
NEUTRAL = (
    "level",
    "skills.eval_design",
    "skills.evals_predict_user_value",
    "skills.areas",
    "credentials.thesis_area",
    "credentials.thesis_area_demand",
    "credentials.advisor_network",
    "credentials.program_brand",
    "credentials.research_lab_brand",
    "goals.motives",
    "goals.stated_target",
    "goals.risk_tolerance",
    *(path for path in FIELDS if path.startswith(("target.", "compensation."))),
)


def values(field: Field) -> list[object]:
    """Values worth trying for a field: every choice, and numbers around every threshold."""
    if field.path in RATINGS:
        return [1, 2, 3, 4, 5]
    if field.path in SHARES:
        return [0.0, 0.3, 0.59, 0.6, 0.9, 1.0]
    if field.path == "compensation.expected_total_usd":
        return [0, 240_000, 240_001, 500_000, 750_001, 3_000_000]
    if field.path == "target.country":
        return ["US", "DE", "NO"]
    if field.kind is Kind.FLAG:
        return [False, True]
    if field.kind is Kind.CHOICE:
        return list(field.values)
    if field.kind is Kind.SET:
        sets: list[frozenset[str]] = [frozenset()]
        sets += [frozenset({value}) for value in field.values]
        return [*sets, frozenset(field.values[:2]), frozenset(field.values)]
    return [0, 1, 2, 3, 4, 40] if field.integral else [0.0, 0.5, 1.99, 2.0, 3.0, 12.5]


def message(facts: Mapping[str, object]) -> CandidateProfile:
    """The profile that holds exactly these facts."""
    nested: dict[str, object] = {}
    for path, value in facts.items():
        parent, _, name = path.rpartition(".")
        target = nested.setdefault(parent, {}) if parent else nested
        assert isinstance(target, dict)
        target[name] = _json_value(FIELDS[path], value)
    return json_format.ParseDict(nested, CandidateProfile())


_PREFIXES = {
    "level": "LEVEL",
    "highest_degree": "DEGREE",
    "phd_status": "PHD_STATUS",
    "thesis_area": "THESIS_AREA",
    "thesis_area_demand": "DEMAND",
    "advisor_network": "NETWORK_STRENGTH",
    "program_brand": "BRAND",
    "research_lab_brand": "BRAND",
    "measured_impact": "IMPACT",
    "areas": "SKILL_AREA",
    "first_instinct": "FIRST_INSTINCT",
    "motives": "MOTIVE",
    "stated_target": "PATH",
    "employer_type": "EMPLOYER_TYPE",
}


def _json_value(field: Field, value: object) -> object:
    prefix = _PREFIXES.get(field.path.rpartition(".")[2], "")
    if field.kind is Kind.CHOICE:
        return f"{prefix}_{value}"
    if isinstance(value, frozenset):
        return {"values": [f"{prefix}_{member}" for member in sorted(value)]}
    return value


def facts_strategy() -> st.SearchStrategy[Facts]:
    """Facts of a random profile, from empty to complete."""

    def draw(seed: int, share: float) -> Facts:
        rng = random.Random(seed)
        return {
            path: rng.choice(values(field))  # type: ignore[misc]
            for path, field in FIELDS.items()
            if rng.random() < share
        }

    share = st.sampled_from([0.0, 0.15, 0.4, 0.6, 0.8, 0.95, 1.0])
    return st.builds(draw, st.integers(0, 2**32 - 1), share)


def fill(facts: Facts, seed: int, paths: frozenset[str] = frozenset(FIELDS)) -> Facts:
    """The facts with every absent field of `paths` filled in at random."""
    rng = random.Random(seed)
    filled = dict(facts)
    for path in FIELDS:
        if path in paths and path not in facts:
            filled[path] = rng.choice(values(FIELDS[path]))  # type: ignore[assignment]
    return filled


__all__ = [
    "FIELDS",
    "NEUTRAL",
    "facts_strategy",
    "fill",
    "message",
    "values",
]
