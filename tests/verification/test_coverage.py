"""Coverage of a rule set small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

from rolefit.verification.coverage import Coverage
from rolefit.verification.rule_test_report import run_tests_of

from .scratch_rules import scratch_rules


def covered(folder: Path, *profiles: str) -> Coverage:
    people = "".join(
        f"- {{name: P{i}, profile: {profile}, not_findings: [MLE_MOBILITY]}}\n"
        for i, profile in enumerate(profiles)
    )
    return run_tests_of(scratch_rules(folder, people)).coverage


def of(rule: str, coverage: Coverage) -> list[str]:
    """What is missed of a rule."""
    share = (*coverage.rules.missed, *coverage.conditions.missed)
    return [goal.what for goal in share if goal.rule_id == rule]


def test_the_goals_of_a_small_rule_set(tmp_path: Path) -> None:
    coverage = covered(tmp_path / "r", "{engineering: {models_shipped: 2}}")
    # Two signals in three states, a round in four, and ten other rules.
    assert coverage.rules.total == 20
    # Two for each of 15 tests, and "unknown" for the three that decide.
    assert coverage.conditions.total == 33
    assert coverage.rules.percent == 35
    assert of("ships", coverage) == [
        "is never NO",
        "is never UNKNOWN",
        "when, test 1: 'engineering.models_shipped >= 2' never matters as false",
        "when, test 1: 'engineering.models_shipped >= 2' never matters as unknown",
    ]


def test_a_missed_condition_names_its_own_line(tmp_path: Path) -> None:
    coverage = covered(tmp_path / "r", "{}")
    goals = [goal for goal in coverage.conditions.missed if goal.rule_id == "researches"]
    assert {(goal.file, goal.line) for goal in goals} == {
        ("topics/all.yaml", 13),
        ("topics/all.yaml", 14),
    }


def test_a_test_counts_only_where_it_matters(tmp_path: Path) -> None:
    # A benchmark hides that there is a paper, too.
    both = "{publications: {top_tier_papers: 1, benchmark_setting: true}}"
    coverage = covered(tmp_path / "one", both)
    matters = "'{}' never matters as true"
    assert any(
        matters.format("publications.top_tier_papers >= 1") in what
        for what in of("researches", coverage)
    )
    paper = "{publications: {top_tier_papers: 1, benchmark_setting: false}}"
    coverage = covered(tmp_path / "two", both, paper)
    missed = "\n".join(of("researches", coverage))
    assert matters.format("publications.top_tier_papers >= 1") not in missed
    assert matters.format("publications.benchmark_setting is true") in missed


def test_a_verdict_counts_only_if_no_earlier_one_does(tmp_path: Path) -> None:
    both = "{engineering: {models_shipped: 2}, publications: {top_tier_papers: 1}}"
    assert "never fires" in of("scientist", covered(tmp_path / "one", both))
    paper = "{publications: {top_tier_papers: 1}}"
    assert "never fires" not in of("scientist", covered(tmp_path / "two", both, paper))


def test_of_a_round_only_the_first_true_state_counts(tmp_path: Path) -> None:
    strong = covered(tmp_path / "one", "{skills: {systems_strength: 4}}")
    thin = "thin_when, test 1: 'skills.systems_strength >= 3' never matters as true"
    assert thin in of("coding", strong)
    assert "is never THIN" in of("coding", strong)
    middling = covered(tmp_path / "two", "{skills: {systems_strength: 3}}")
    assert thin not in of("coding", middling)
    assert "is never THIN" not in of("coding", middling)


def test_everything_can_be_reached(tmp_path: Path) -> None:
    publications = "publications: {{top_tier_papers: {}, benchmark_setting: {}}}"
    coverage = covered(
        tmp_path / "r",
        "{}",
        "{engineering: {models_shipped: 2}, publications: {top_tier_papers: 1}}",
        "{engineering: {models_shipped: 2}}",
        "{engineering: {models_shipped: 1}}",
        f"{{{publications.format(1, 'false')}}}",
        f"{{{publications.format(0, 'true')}}}",
        f"{{{publications.format(0, 'false')}}}",
        "{publications: {top_tier_papers: 0}}",
        "{publications: {benchmark_setting: false}}",
        *(f"{{skills: {{systems_strength: {rating}}}}}" for rating in (2, 3, 4)),
    )
    # Where neither ships nor publishes, an earlier bridge has concluded.
    assert {goal.rule_id for goal in coverage.rules.missed} == {"bridge-3"}
    assert {goal.rule_id for goal in coverage.conditions.missed} == {"bridge-3"}
