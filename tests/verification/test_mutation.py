"""Mutants: which there are, which tests notice, and that ours notice a sample of them."""

from __future__ import annotations

from pathlib import Path

from bench.mutation import known_survivors, trials, unaccounted
from rolefit.engine import load_ruleset
from rolefit.verification.condition_lines import ConditionLines
from rolefit.verification.mutation import Mutant, make_mutants
from rolefit.verification.mutation_trial import Fate, try_mutants
from rolefit.verification.rule_tests import load_rule_tests

from .scratch_rules import scratch_rules

SAMPLE = 120

PEOPLE = """\
- name: Ships, at the mark
  profile: {engineering: {models_shipped: 2}}
  signals: {ships: YES}
  concludes: [engineer]
- name: Ships, just below the mark
  profile: {engineering: {models_shipped: 1}}
  signals: {ships: NO}
"""


def mutants_of(folder: Path) -> dict[str, Mutant]:
    ruleset = load_ruleset(folder)
    made = make_mutants(ruleset, ConditionLines(folder, ruleset))
    by_name = {mutant.name: mutant for mutant in made}
    assert len(by_name) == len(made)
    return by_name


def test_every_sort_of_mutant_is_made_once(tmp_path: Path) -> None:
    mutants = mutants_of(scratch_rules(tmp_path / "rules"))
    of_ships = [name for name in mutants if name.startswith("ships: ")]
    test = "ships: when, test 1: 'engineering.models_shipped >= 2' becomes"
    # "> 2" and ">= 3" are the same for whole numbers.
    assert of_ships == [
        "ships: dropped",
        f"{test} 'engineering.models_shipped > 2'",
        f"{test} 'engineering.models_shipped >= 1'",
    ]
    for name in (
        "researches: when, test 1: without 'publications.top_tier_papers >= 1'",
        "researches: when, test 2: 'publications.benchmark_setting is true' becomes "
        "'publications.benchmark_setting is false'",
        "both: when, test 2: without 'researches is yes'",
        "both: when, test 1: 'ships is yes' becomes 'ships is no'",
        "both: gives PROOF_DECIDES_TIE",
        "fit-ships: gives -2 points",
        "engineer: concludes RESEARCH_SCIENTIST",
        "engineer: stands after 'scientist'",
        "coding: thin_when, test 1: 'skills.systems_strength >= 3' becomes "
        "'skills.systems_strength > 3'",
    ):
        assert name in mutants


def test_a_mutant_names_its_place(tmp_path: Path) -> None:
    mutants = mutants_of(scratch_rules(tmp_path / "rules"))
    mutant = mutants["both: when, test 2: without 'researches is yes'"]
    assert str(mutant).startswith("topics/all.yaml:23: both: ")


def test_mutants_are_killed_refused_or_survive(tmp_path: Path) -> None:
    folder = scratch_rules(tmp_path / "rules", PEOPLE)
    mutants = mutants_of(folder)
    tests = load_rule_tests(folder, load_ruleset(folder))
    chosen = {
        "ships: when, test 1: 'engineering.models_shipped >= 2' becomes "
        "'engineering.models_shipped > 2'": Fate.KILLED,
        "ships: when, test 1: 'engineering.models_shipped >= 2' becomes "
        "'engineering.models_shipped >= 1'": Fate.KILLED,
        "ships: dropped": Fate.REFUSED,
        "engineer: dropped": Fate.REFUSED,
        "fit-ships: dropped": Fate.SURVIVED,
        "both: dropped": Fate.SURVIVED,
    }
    found = try_mutants([mutants[name] for name in chosen], tests)
    assert {trial.mutant.name: trial.fate for trial in found} == chosen
    assert found[0].noticed_by == "tests/people.yaml:1: Ships, at the mark"
    assert found[1].noticed_by == "tests/people.yaml:5: Ships, just below the mark"


def test_our_tests_notice_a_sample_of_mutants() -> None:
    found = trials(sample=SAMPLE, seed=2026, processes=2)
    assert unaccounted(found, known_survivors()) == []
    assert sum(trial.fate is Fate.KILLED for trial in found) > SAMPLE * 0.85


def test_every_survivor_listed_is_a_mutant_of_our_rules() -> None:
    rules = Path(__file__).parent.parent.parent / "rules"
    assert known_survivors().keys() <= mutants_of(rules).keys()
