"""Two profiles held against each other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.v1.path_pb2 import Path
from tests.cases import CASES
from tests.profiles import FIELDS, facts_strategy, fill, message

PROFILES = {case["id"]: parse_profile(case["profile"]) for case in CASES}


def test_one_changed_fact_is_named(engine: Engine) -> None:
    comparison = engine.compare(PROFILES["V20"], PROFILES["V21"])
    assert [d.field for d in comparison.differences] == ["publications.top_tier_papers"]
    (difference,) = comparison.differences
    assert (difference.a, difference.b) == ("0", "4")
    assert [list(s.fields) for s in comparison.path_changed_by] == [[difference.field]]
    assert comparison.path_changed_by[0].path == Path.PATH_RESEARCH_SCIENTIST
    assert "BRIDGE_ROUTE" in {finding.code for finding in comparison.lost}
    assert "EQUIVALENT_EVIDENCE" in {finding.code for finding in comparison.gained}
    assert comparison.headline == (
        "The answer changes from research engineer to research scientist."
    )


def test_same_path_other_findings(engine: Engine) -> None:
    comparison = engine.compare(PROFILES["V32"], PROFILES["V33"])
    assert not comparison.path_changed_by
    assert {f.code for f in comparison.lost} == {"RISK_GLUE_ENGINEER", "NEXT_DEEPEN_MODEL_WORK"}
    assert comparison.headline == "Both profiles come to the same answer: ML engineer."


def test_equal_profiles_differ_in_nothing(engine: Engine) -> None:
    comparison = engine.compare(PROFILES["V01"], PROFILES["V60"])
    assert comparison.a == comparison.b
    assert not comparison.differences
    assert not comparison.gained
    assert not comparison.lost


def test_absent_and_none_are_different(engine: Engine) -> None:
    comparison = engine.compare(PROFILES["V40"], PROFILES["V41"])
    (difference,) = comparison.differences
    assert (difference.a, difference.b) == ("not given", "0")


@settings(max_examples=100)
@given(facts=facts_strategy(), seed=st.integers(0, 2**32 - 1))
def test_fields_named_do_change_the_path(engine: Engine, facts: Facts, seed: int) -> None:
    other = fill({}, seed)
    comparison = engine.compare(message(facts), message(other))
    assert bool(comparison.path_changed_by) == (comparison.a.path != comparison.b.path)
    for change in comparison.path_changed_by:
        merged = dict(facts)
        merged.update({path: other[path] for path in change.fields})
        assert f"PATH_{engine.run(merged).verdict.path}" == Path.Name(change.path)
        assert change.path == comparison.b.path
        for path in change.fields:
            without = dict(merged)
            without.pop(path)
            if path in facts:
                without[path] = facts[path]
            assert f"PATH_{engine.run(without).verdict.path}" != Path.Name(change.path)
    assert {d.field for d in comparison.differences} <= set(FIELDS)
