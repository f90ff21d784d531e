"""How many small changes to the rules their tests notice.

Tries every mutant of the rules, or a sample, against the rule tests and the example
candidates. A survivor fails the run unless tests/verification/surviving_mutants.yaml says
why it amounts to the rules as they are, and so does one that a random profile tells from
them; in a full run also an entry there that has become untrue.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.yaml_source import Value, read_yaml
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.verification.condition_lines import ConditionLines
from rolefit.verification.mutation import Mutant, make_mutants
from rolefit.verification.mutation_trial import Fate, Trial, try_mutants
from rolefit.verification.observation import Observation
from rolefit.verification.profile_source import read_profile
from rolefit.verification.rule_tests import Expectation, RuleTest, load_rule_tests
from tests.profiles import FIELDS, message, values

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"
CANDIDATES = ROOT / "tests" / "cases" / "candidates.yaml"
SURVIVORS = ROOT / "tests" / "verification" / "surviving_mutants.yaml"


def known_survivors(path: Path = SURVIVORS) -> dict[str, str]:
    """Why no profile can tell a mutant from the rules, by the mutant's name.

    Raises:
        RulesetError: The file is malformed.
    """
    value = read_yaml(path.read_text(encoding="utf-8"), path.name)
    survivors = {}
    for item in value.as_list("a file of survivors"):
        entries = item.as_mapping("a survivor", required=("mutant", "why"))
        survivors[entries["mutant"].as_text("mutant")] = entries["why"].as_text("why")
    return survivors


def candidate_tests(ruleset: Ruleset, path: Path = CANDIDATES) -> list[RuleTest]:
    """The example candidates as rule tests: their path and the findings they must (not) get."""
    value = read_yaml(path.read_text(encoding="utf-8"), path.name)
    return [_candidate_test(item, ruleset) for item in value.as_list("candidates")]


def _candidate_test(item: Value, ruleset: Ruleset) -> RuleTest:
    entries = item.entries or {}
    path = entries["path"].as_text("path")
    expectations = [Expectation("path", "", path, entries["path"].line)]
    for key, expected in (("mentions", "given"), ("never", "not given")):
        for code in entries[key].as_list(key):
            if code.text in ruleset.codes:
                expectations.append(Expectation("finding", code.text, expected, code.line))
    profile = read_profile(entries["profile"])
    name = entries["id"].as_text("id")
    return RuleTest(name, item.file, item.line, profile, tuple(expectations))


def trials(sample: int | None, seed: int, processes: int) -> list[Trial]:
    """Tries a sample of the mutants of our rules, or all.

    Raises:
        RulesetError: The rules, their tests or the candidates cannot be loaded.
    """
    ruleset = load_ruleset(RULES)
    tests = [*load_rule_tests(RULES, ruleset), *candidate_tests(ruleset)]
    mutants: Sequence[Mutant] = make_mutants(ruleset, ConditionLines(RULES, ruleset))
    if sample is not None:
        mutants = random.Random(seed).sample(mutants, min(sample, len(mutants)))
    return try_mutants(mutants, tests, processes)


def unaccounted(found: Iterable[Trial], known: Container[str]) -> list[Mutant]:
    """The survivors that no entry accounts for."""
    return [
        trial.mutant
        for trial in found
        if trial.fate is Fate.SURVIVED and trial.mutant.name not in known
    ]


def told_apart(survivors: Iterable[Mutant], profiles: int, seed: int) -> list[Mutant]:
    """The survivors that random profiles tell from the rules."""
    rng = random.Random(seed)
    people = [_random_profile(rng) for _ in range(profiles)]
    with Engine(load_ruleset(RULES)) as engine:
        answers = [Observation(engine, person).noticeable() for person in people]
    found = []
    for mutant in survivors:
        with Engine(mutant.ruleset) as engine:
            pairs = zip(people, answers, strict=True)
            if any(Observation(engine, who).noticeable() != answer for who, answer in pairs):
                found.append(mutant)
    return found


def _random_profile(rng: random.Random) -> CandidateProfile:
    share = rng.choice((0.15, 0.4, 0.6, 0.8, 0.95, 1.0))
    given = [field for field in FIELDS.values() if rng.random() < share]
    return message({field.path: rng.choice(values(field)) for field in given})


def report(found: Sequence[Trial], known: Container[str]) -> list[str]:
    """The score by operator and in all, with and without mutants that nobody can notice."""
    by_operator: dict[str, collections.Counter[Fate]] = {}
    for trial in found:
        by_operator.setdefault(trial.mutant.operator, collections.Counter())[trial.fate] += 1
    total = sum(by_operator.values(), collections.Counter())
    rows = [*sorted(by_operator.items()), ("all", total)]
    fates = (Fate.KILLED, Fate.SURVIVED, Fate.REFUSED)
    lines = ["{:18}{:>9}{:>9}{:>9}".format("operator", *(fate.value for fate in fates))]
    lines += [
        "{:18}{:9}{:9}{:9}".format(name, *(row[fate] for fate in fates)) for name, row in rows
    ]
    killed, survived = total[Fate.KILLED], total[Fate.SURVIVED]
    survivors = [trial.mutant for trial in found if trial.fate is Fate.SURVIVED]
    equivalent = sum(mutant.name in known for mutant in survivors)
    tried = killed + survived
    lines.append(f"score: {_share(killed, tried)}")
    lines.append(
        f"score without {equivalent} that amount to the rules: "
        f"{_share(killed, tried - equivalent)}"
    )
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} % ({part} of {whole})"


def main() -> int:
    """Run from the command line; 1 if something is not accounted for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="try that many mutants, not all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--profiles", type=int, default=400, help="to hold survivors against")
    arguments = parser.parse_args()
    known = known_survivors()
    found = trials(arguments.sample, arguments.seed, arguments.processes)
    survivors = [trial.mutant for trial in found if trial.fate is Fate.SURVIVED]
    complaints = [f"survived: {mutant}" for mutant in unaccounted(found, known)]
    if arguments.sample is None:
        stale = known.keys() - {mutant.name for mutant in survivors}
        complaints += [f"{SURVIVORS.name}: does not survive: {name}" for name in sorted(stale)]
    apart = told_apart(survivors, arguments.profiles, arguments.seed)
    complaints += [f"survived, though a profile tells it apart: {mutant}" for mutant in apart]
    print("\n".join([*complaints, *report(found, known)]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
