"""What must hold for every profile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path as FilePath

from hypothesis import given, settings
from hypothesis import strategies as st

from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.path_pb2 import PATH_RESEARCH_SCIENTIST, Path
from rolefit.v1.recommendation_service_pb2 import View
from tests.profiles import FIELDS, NEUTRAL, facts_strategy, fill, message, values

ROOT = FilePath(__file__).parent.parent.parent
EXAMPLES = settings(max_examples=400)
SEEDS = st.integers(0, 2**32 - 1)


@EXAMPLES
@given(facts=facts_strategy())
def test_every_profile_gets_one_path_and_five_assessments(engine: Engine, facts: Facts) -> None:
    answer = engine.recommend(message(facts))
    assert answer.path != 0
    assert answer.headline
    assert sorted(a.path for a in answer.assessments) == [1, 2, 3, 4, 5]
    if Path.Name(answer.path) != "PATH_UNDETERMINED":
        assert answer.assessments[0].path == answer.path


@EXAMPLES
@given(facts=facts_strategy())
def test_order_of_fields_is_irrelevant(engine: Engine, facts: Facts) -> None:
    reordered = dict(reversed(facts.items()))
    assert engine.run(reordered) == engine.run(facts)


def test_same_profile_same_bytes_in_any_process() -> None:
    def digest(hash_seed: str) -> bytes:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.engine.print_digest"]
        return subprocess.check_output(command, env=environment, cwd=ROOT)

    assert digest("1") == digest("2")


@EXAMPLES
@given(facts=facts_strategy(), seed=SEEDS)
def test_neutral_fields_never_move_the_path(engine: Engine, facts: Facts, seed: int) -> None:
    without = {path: value for path, value in facts.items() if path not in NEUTRAL}
    verdict = engine.run(without).verdict
    assert engine.run(fill(without, seed, frozenset(NEUTRAL))).verdict == verdict
    assert engine.run(facts).verdict == verdict


@EXAMPLES
@given(facts=facts_strategy(), seed=SEEDS)
def test_filling_in_leads_to_a_possible_path(engine: Engine, facts: Facts, seed: int) -> None:
    verdict = engine.run(facts).verdict
    filled = engine.run(fill(facts, seed)).verdict
    assert filled.path in verdict.possible
    if verdict.certainty == "CERTAIN":
        assert filled.path == verdict.path


@EXAMPLES
@given(facts=facts_strategy(), seed=SEEDS)
def test_a_field_not_asked_for_cannot_matter(engine: Engine, facts: Facts, seed: int) -> None:
    asked = {q.field for q in engine.recommend(message(facts)).next_questions}
    filled = fill(facts, seed, frozenset(FIELDS) - asked)
    assert engine.run(filled).verdict.path == engine.run(facts).verdict.path


@EXAMPLES
@given(facts=facts_strategy())
def test_questions_are_about_absent_fields(engine: Engine, facts: Facts) -> None:
    answer = engine.recommend(message(facts))
    fields = [question.field for question in answer.next_questions]
    assert not set(fields) & set(facts)
    assert set(fields) <= set(FIELDS)
    if answer.certainty == pb.CERTAINTY_CERTAIN:
        assert not fields


@EXAMPLES
@given(facts=facts_strategy())
def test_research_scientist_only_with_both_halves(engine: Engine, facts: Facts) -> None:
    outcome = engine.run(facts)
    if outcome.verdict.path == "RESEARCH_SCIENTIST":
        assert outcome.signals["wants_novel_research"] == "YES"
        assert outcome.signals["research_credential"] == "YES"
        assert facts["goals.wants_mostly_novel_research"] is True


@EXAMPLES
@given(facts=facts_strategy(), more=st.integers(1, 5))
def test_more_papers_never_hurt_research(engine: Engine, facts: Facts, more: int) -> None:
    papers = facts.setdefault("publications.top_tier_papers", 0)
    assert isinstance(papers, int)
    few = _research(engine.recommend(message(facts)))
    facts["publications.top_tier_papers"] = papers + more
    many = _research(engine.recommend(message(facts)))
    assert many.fit >= few.fit
    if few.open_now == pb.TERNARY_YES:
        assert many.open_now == pb.TERNARY_YES


@EXAMPLES
@given(facts=facts_strategy())
def test_evidence_names_given_fields_and_their_values(engine: Engine, facts: Facts) -> None:
    vocabulary = engine.ruleset.vocabulary
    answer = engine.recommend(message(facts))
    evidence = [e for f in answer.findings for e in f.evidence]
    for assessment in answer.assessments:
        for reason in (*assessment.reasons, *assessment.why_not):
            evidence.extend(reason.evidence)
    for item in evidence:
        if item.field in facts:
            assert item.observed == vocabulary.value_words(item.field, facts[item.field])
        else:
            assert item.field in FIELDS
            assert item.observed == "not given"
        assert item.condition


@EXAMPLES
@given(facts=facts_strategy())
def test_every_other_path_says_why_not(engine: Engine, facts: Facts) -> None:
    answer = engine.recommend(message(facts))
    for assessment in answer.assessments:
        if assessment.path != answer.path:
            assert assessment.why_not


@EXAMPLES
@given(facts=facts_strategy())
def test_no_figures_for_bridges_or_other_countries(engine: Engine, facts: Facts) -> None:
    answer = engine.recommend(message(facts))
    tracks = {"PATH_ML_ENGINEER", "PATH_RESEARCH_SCIENTIST"}
    covered = (
        Path.Name(answer.path) in tracks
        and "level" in facts
        and facts.get("target.country", "US") == "US"
    )
    assert bool(answer.compensation.bands) == covered
    assert {Path.Name(band.path) for band in answer.compensation.bands} <= tracks


def test_every_value_of_every_field_is_tried() -> None:
    assert {path for path in FIELDS if len(values(FIELDS[path])) >= 2} == set(FIELDS)


def _research(answer: pb.Recommendation) -> pb.PathAssessment:
    return next(a for a in answer.assessments if a.path == PATH_RESEARCH_SCIENTIST)


@EXAMPLES
@given(facts=facts_strategy())
def test_the_basic_view_stays_under_2_kb(engine: Engine, facts: Facts) -> None:
    assert engine.recommend(message(facts), View.VIEW_BASIC).ByteSize() < 2_000


@EXAMPLES
@given(facts=facts_strategy())
def test_every_view_says_the_same(engine: Engine, facts: Facts) -> None:
    basic = engine.recommend(message(facts), View.VIEW_BASIC)
    standard = engine.recommend(message(facts))
    full = engine.recommend(message(facts), View.VIEW_FULL)
    assert basic.path == standard.path == full.path
    assert [f.code for f in basic.findings] == [f.code for f in standard.findings]
    full.ClearField("trace")
    full.ClearField("preparations")
    assert full == standard
