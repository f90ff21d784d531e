"""The example candidates of tests/cases/candidates.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_service_pb2 import View
from tests.cases import CASES, Case

BY_ID = {case["id"]: case for case in CASES}
PAIRS = [case for case in CASES if "pair" in case]


def answer_to(engine: Engine, case: Case) -> pb.Recommendation:
    return engine.recommend(parse_profile(case["profile"]), View.VIEW_FULL)


def path_of(answer: pb.Recommendation) -> str:
    return Path.Name(answer.path).removeprefix("PATH_")


def codes_of(answer: pb.Recommendation) -> set[str]:
    return {finding.code for finding in answer.findings}


def sentences_of(answer: pb.Recommendation) -> str:
    texts = [answer.headline, answer.seat.message, answer.compensation.message]
    texts += [finding.message for finding in answer.findings]
    for assessment in answer.assessments:
        texts += [reason.message for reason in (*assessment.reasons, *assessment.why_not)]
    return "\n".join(texts)


def research_open_now(answer: pb.Recommendation) -> pb.Ternary.ValueType:
    found = (a for a in answer.assessments if a.path == Path.PATH_RESEARCH_SCIENTIST)
    return next(found).open_now


def says(pattern: str) -> Callable[[pb.Recommendation], bool]:
    return lambda answer: bool(re.search(pattern, sentences_of(answer), re.IGNORECASE))


def invents_pay(answer: pb.Recommendation) -> bool:
    """Figures for a path or place that the guide has none for, or outside of the bands."""
    if answer.compensation.coverage == pb.COMPENSATION_COVERAGE_COVERED:
        return path_of(answer) not in ("ML_ENGINEER", "RESEARCH_SCIENTIST")
    return bool(answer.compensation.bands) or says(r"\$ ?\d")(answer)


# Each is true of an answer that does what must never be done.
FORBIDDEN: dict[str, Callable[[pb.Recommendation], bool]] = {
    "REC_RS": lambda answer: path_of(answer) == "RESEARCH_SCIENTIST",
    "REC_MLE": lambda answer: path_of(answer) == "ML_ENGINEER",
    "SAY_PHD_REQUIRED": says(
        r"(doctorate|phd) (is|was) (required|mandatory|needed|a must)|(must|need to) have a"
        r" (doctorate|phd)|requires a (doctorate|phd)"
    ),
    "SAY_PATH_CLOSED": says(
        r"research( path| post)? is closed|closed to you|never be a research"
    ),
    "TREAT_UNKNOWN_AS_NO": lambda answer: (
        "BLOCK_RS_NO_CREDENTIALS" in codes_of(answer)
        or research_open_now(answer) == pb.TERNARY_NO
    ),
    "FORCE_ANSWER": lambda answer: answer.certainty == pb.CERTAINTY_CERTAIN,
    "INVENT_COMP": invents_pay,
    "EVALS_SHIFT_PATH": lambda answer: False,  # test_invariants.py: neutral fields
    "COUNT_ENG_OSS_AS_RESEARCH": lambda answer: (
        "EQUIVALENT_EVIDENCE" in codes_of(answer) or research_open_now(answer) == pb.TERNARY_YES
    ),
    "GEO_CLAIM": says(r"german|europe|abroad|remote|visa"),
    "USE_PROTECTED_ATTRIBUTE": says(r"\b(age|woman|visa|school|nationality)\b"),
}


@pytest.mark.parametrize("case", CASES, ids=list(BY_ID))
def test_candidate(engine: Engine, case: Case) -> None:
    answer = answer_to(engine, case)
    assert path_of(answer) == case["path"]
    assert path_of(answer) in case["acceptable"]
    assert set(case["mentions"]) <= codes_of(answer)
    for name in case["never"]:
        if name in engine.ruleset.codes:
            assert name not in codes_of(answer)
        else:
            assert not FORBIDDEN[name](answer), name


@pytest.mark.parametrize("case", PAIRS, ids=[f"{c['id']}-{c['pair']['with']}" for c in PAIRS])
def test_pair(engine: Engine, case: Case) -> None:
    one = answer_to(engine, case)
    other = answer_to(engine, BY_ID[case["pair"]["with"]])
    changes = case["pair"]["changes"]
    if changes == "path":
        assert one.path != other.path
    elif changes == "findings":
        assert one.path == other.path
        assert codes_of(one) != codes_of(other)
    else:
        assert one == other
