"""What to prepare."""

from __future__ import annotations

from hypothesis import given, settings

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.v1 import preparation_pb2 as pb
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_service_pb2 import View
from tests.cases import CASES
from tests.profiles import facts_strategy, message

TRACKS = ("ML_ENGINEER", "RESEARCH_SCIENTIST")
PROFILES = {case["id"]: parse_profile(case["profile"]) for case in CASES}


def prepared(engine: Engine, case: str, *paths: str) -> list[pb.Preparation]:
    return engine.prepare(PROFILES[case], paths).preparations


def by_rule(preparation: pb.Preparation) -> dict[str, str]:
    return {r.rule_id: pb.Readiness.Name(r.readiness)[10:] for r in preparation.rounds}


def test_the_answer_and_the_runner_up_by_default(engine: Engine) -> None:
    engineer, runner_up = prepared(engine, "V01")
    assert engineer.path == Path.PATH_ML_ENGINEER
    assert runner_up.path == Path.PATH_RESEARCH_SCIENTIST
    full = engine.recommend(PROFILES["V01"], View.VIEW_FULL)
    assert list(full.preparations) == [engineer, runner_up]
    assert not engine.recommend(PROFILES["V01"]).preparations


def test_rounds_follow_the_evidence(engine: Engine) -> None:
    (strong,) = prepared(engine, "V01", "ML_ENGINEER")
    assert by_rule(strong)["round-engineer-coding"] == "READY"
    (unshipped,) = prepared(engine, "V18", "ML_ENGINEER")
    assert by_rule(unshipped)["round-engineer-shipped-work"] == "MISSING"
    (empty,) = prepared(engine, "V55", "ML_ENGINEER")
    assert set(by_rule(empty).values()) == {"UNKNOWN"}


def test_bridges_have_no_loop_and_say_so(engine: Engine) -> None:
    bridge, other = prepared(engine, "V07")
    assert bridge.path == Path.PATH_RESEARCH_ENGINEER
    assert not bridge.rounds
    assert bridge.message
    assert bridge.next_steps
    assert other.rounds
    assert not other.next_steps


def test_skills_held_and_missing(engine: Engine) -> None:
    profile = parse_profile({"skills": {"areas": ["SERVING", "RETRIEVAL"]}})
    (preparation,) = engine.prepare(profile, ["ML_ENGINEER"]).preparations
    assert preparation.skills.known
    assert set(preparation.skills.held) == {"model serving", "retrieval"}
    assert len(preparation.skills.missing) == 8
    (unknown,) = prepared(engine, "V55", "ML_ENGINEER")
    assert not unknown.skills.known
    assert not unknown.skills.missing


@settings(max_examples=200)
@given(facts=facts_strategy())
def test_only_evidenced_items_lead(engine: Engine, facts: Facts) -> None:
    for preparation in engine.prepare(message(facts), TRACKS).preparations:
        for item in (*preparation.resume, *preparation.negotiation):
            assert item.evidence
            assert any(evidence.field in facts for evidence in item.evidence)
