"""What eight of the example candidates are told when they ask what would have to change."""

from __future__ import annotations

import pytest

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine
from rolefit.engine.changes import Limits
from rolefit.engine.facts import read_facts
from rolefit.engine.reaching import Goal, Reached
from rolefit.v1 import change_pb2 as pb
from rolefit.v1.field_change_pb2 import EFFORT_UNSPECIFIED, EFFORT_WISH, EFFORT_YEARS
from rolefit.v1.path_pb2 import Path
from rolefit.v1.profile_pb2 import CandidateProfile
from tests.cases import CASES

PROFILES = {case["id"]: parse_profile(case["profile"]) for case in CASES}
BACKEND_ENGINEER, SERVING_EXPERT, BOOTCAMP_GRADUATE, ONE_WORKSHOP_PAPER = (
    PROFILES[name] for name in ("V07", "V13", "V16", "V20")
)
PRODUCTION_ENGINEER, SCIENTIST = PROFILES["V01"], PROFILES["V04"]
TITLE_SEEKER, NOT_LOOKED_UP = PROFILES["V28"], PROFILES["V40"]
ASPIRANTS = [BACKEND_ENGINEER, SERVING_EXPERT, BOOTCAMP_GRADUATE, ONE_WORKSHOP_PAPER]
RESEARCH = "RESEARCH_SCIENTIST"

PAPERS = ("publications.top_tier_papers", "at least 3")
OPEN_SOURCE = ("publications.influential_oss_research", "yes")
BENCHMARK = ("publications.benchmark_setting", "yes")
LAB_YEARS = ("credentials.research_lab_years", "at least 2")
DOCTORATE = (
    ("credentials.phd_status", "completed"),
    ("credentials.highest_degree", "doctorate"),
)


def ask(
    engine: Engine,
    profile: CandidateProfile,
    path: str = RESEARCH,
    limits: Limits | None = None,
    to_open: bool = False,
    most: int = 5,
) -> Reached:
    return engine.find_changes(profile, Goal(path, to_open, limits or Limits(), most))


def offered(reached: Reached) -> list[tuple[tuple[str, str], ...]]:
    return [tuple((f.field, f.needed) for f in change.fields) for change in reached.changes]


@pytest.mark.parametrize("profile", [BACKEND_ENGINEER, SERVING_EXPERT, ONE_WORKSHOP_PAPER])
def test_an_aspirant_is_offered_each_record_that_counts_and_a_doctorate_last(
    engine: Engine, profile: CandidateProfile
) -> None:
    reached = ask(engine, profile)
    assert reached.path == "RESEARCH_ENGINEER"
    assert reached.outcome == pb.CHANGE_OUTCOME_FOUND
    *records, last = offered(reached)
    assert sorted(records) == sorted([(PAPERS,), (OPEN_SOURCE,), (BENCHMARK,), (LAB_YEARS,)])
    assert last == DOCTORATE
    for change in reached.changes:
        assert {field.effort for field in change.fields} == {EFFORT_YEARS}
        assert change.recommendation.path == Path.PATH_RESEARCH_SCIENTIST


def test_papers_and_a_doctorate_take_more_than_a_bootcamp(engine: Engine) -> None:
    found = offered(ask(engine, BOOTCAMP_GRADUATE))
    learnt = ("credentials.bootcamp_only_ml", "no")
    more = [(PAPERS, learnt), (*DOCTORATE, learnt)]
    assert sorted(found[:3]) == sorted([(OPEN_SOURCE,), (BENCHMARK,), (LAB_YEARS,)])
    assert found[3:] == more


@pytest.mark.parametrize("profile", ASPIRANTS)
@pytest.mark.parametrize("effort", ["MONTHS", "WEEKS", "CONVERSATION"])
def test_no_record_comes_within_months(
    engine: Engine, profile: CandidateProfile, effort: str
) -> None:
    reached = ask(engine, profile, limits=Limits(max_effort=effort))
    assert reached.outcome == pb.CHANGE_OUTCOME_NONE_EXISTS
    assert not reached.changes
    assert "No change within these limits" in reached.headline


def test_what_is_kept_is_not_touched(engine: Engine) -> None:
    keep = frozenset({OPEN_SOURCE[0], BENCHMARK[0], LAB_YEARS[0]})
    found = offered(ask(engine, BACKEND_ENGINEER, limits=Limits(keep=keep)))
    assert found == [(PAPERS,), DOCTORATE]


def test_a_limit_of_fields_leaves_out_the_doctorate(engine: Engine) -> None:
    found = offered(ask(engine, BACKEND_ENGINEER, limits=Limits(max_fields=1)))
    assert len(found) == 4
    assert DOCTORATE not in found


@pytest.mark.parametrize("most", [1, 2, 4])
def test_fewer_changes_are_the_first_ones(engine: Engine, most: int) -> None:
    everything = offered(ask(engine, BACKEND_ENGINEER))
    assert offered(ask(engine, BACKEND_ENGINEER, most=most)) == everything[:most]


def test_who_does_not_want_research_is_not_talked_into_it(engine: Engine) -> None:
    assert not read_facts(PRODUCTION_ENGINEER)["goals.wants_mostly_novel_research"]
    reached = ask(engine, PRODUCTION_ENGINEER)
    assert (reached.path, reached.outcome) == ("ML_ENGINEER", pb.CHANGE_OUTCOME_NONE_EXISTS)


def test_wishes_change_only_where_they_may(engine: Engine) -> None:
    limits = Limits(wishes_may_change=True)
    reached = ask(engine, PRODUCTION_ENGINEER, limits=limits)
    assert reached.outcome == pb.CHANGE_OUTCOME_FOUND
    for change in reached.changes:
        wishes = {field.field for field in change.fields if field.effort == EFFORT_WISH}
        assert "goals.wants_mostly_novel_research" in wishes


def test_a_path_can_open_to_someone_who_does_not_want_it(engine: Engine) -> None:
    reached = ask(engine, PRODUCTION_ENGINEER, to_open=True)
    assert reached.outcome == pb.CHANGE_OUTCOME_FOUND
    assert (PAPERS,) in offered(reached)
    assert {change.recommendation.path for change in reached.changes} == {Path.PATH_ML_ENGINEER}


@pytest.mark.parametrize("to_open", [False, True])
def test_who_is_there_need_not_change(engine: Engine, to_open: bool) -> None:
    reached = ask(engine, SCIENTIST, to_open=to_open)
    assert reached.outcome == pb.CHANGE_OUTCOME_ALREADY
    assert not reached.changes
    assert "nothing has to change" in reached.headline


def test_a_record_alone_does_not_help_who_enjoys_shipping(engine: Engine) -> None:
    assert ask(engine, TITLE_SEEKER, to_open=True).outcome == pb.CHANGE_OUTCOME_ALREADY
    assert ask(engine, TITLE_SEEKER).outcome == pb.CHANGE_OUTCOME_NONE_EXISTS


def test_looking_it_up_can_be_all_that_a_bridge_takes(engine: Engine) -> None:
    limits = Limits(max_effort="CONVERSATION")
    reached = ask(engine, NOT_LOOKED_UP, "RESEARCH_ENGINEER", limits)
    assert reached.path == "UNDETERMINED"
    assert reached.outcome == pb.CHANGE_OUTCOME_FOUND
    for change in reached.changes:
        assert {field.observed for field in change.fields} == {"not given"}


@pytest.mark.parametrize("profile", [BACKEND_ENGINEER, PRODUCTION_ENGINEER, NOT_LOOKED_UP])
def test_no_wish_that_was_given_changes_by_itself(
    engine: Engine, profile: CandidateProfile
) -> None:
    vocabulary = engine.ruleset.vocabulary
    for path in ("ML_ENGINEER", "RESEARCH_ENGINEER", "APPLIED_SCIENTIST", RESEARCH):
        for change in ask(engine, profile, path).changes:
            for field in change.fields:
                how = vocabulary.words[field.field].change
                assert how is not None
                assert how.effort != "WISH" or field.observed == "not given"


def test_what_nobody_can_undo_takes_no_effort_that_could_be_named(engine: Engine) -> None:
    answer = engine.recommend(BACKEND_ENGINEER)
    needs = [need for each in answer.assessments for need in each.would_need]
    systems = [need for need in needs if need.field == "skills.systems_strength"]
    assert [need.needed for need in systems] == ["at most 3"]
    assert [need.effort for need in systems] == [EFFORT_UNSPECIFIED]
