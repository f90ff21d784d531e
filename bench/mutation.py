"""How many small changes to the rules their tests notice.

Tries every mutant of the rules, or a sample, against the rule tests and the example
candidates. A survivor fails the run unless tests/verification/surviving_mutants.yaml says
why nobody can notice it; in a full run so does an entry there that has become untrue.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rolefit.engine import load_ruleset
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.yaml_source import Value, read_yaml
from rolefit.verification.condition_lines import ConditionLines
from rolefit.verification.mutation import Mutant, make_mutants
from rolefit.verification.mutation_trial import Fate, Trial, try_mutants
from rolefit.verification.profile_source import read_profile
from rolefit.verification.rule_tests import Expectation, RuleTest, load_rule_tests

ROOT = Path(__file__).parent.parent
RULES = ROOT / "rules"
CANDIDATES = ROOT / "tests" / "cases" / "candidates.yaml"
SURVIVORS = ROOT / "tests" / "verification" / "surviving_mutants.yaml"


@dataclass(frozen=True)
class Survivor:
    """A mutant that nobody can notice.

    Attributes:
        name: Its name.
        proof: "equivalent" if no profile can tell it from the rules; "unnoticed" if some
            can, but what they tell is not worth a test.
        why: The argument.
    """

    name: str
    proof: str
    why: str


def known_survivors(path: Path = SURVIVORS) -> dict[str, Survivor]:
    """The survivors that are accounted for, by name.

    Raises:
        RulesetError: The file is malformed.
    """
    value = read_yaml(path.read_text(encoding="utf-8"), path.name)
    survivors = {}
    for item in value.as_list("a file of survivors"):
        entries = item.as_mapping("a survivor", required=("mutant", "proof", "why"))
        name, proof, why = (entries[key].as_text(key) for key in ("mutant", "proof", "why"))
        if proof not in ("equivalent", "unnoticed"):
            raise entries["proof"].error("proof is equivalent or unnoticed")
        survivors[name] = Survivor(name, proof, why)
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


def unaccounted(found: Iterable[Trial], known: Iterable[str]) -> list[Mutant]:
    """The survivors that no entry accounts for."""
    names = frozenset(known)
    return [
        trial.mutant
        for trial in found
        if trial.fate is Fate.SURVIVED and trial.mutant.name not in names
    ]


def report(found: Sequence[Trial], known: dict[str, Survivor]) -> list[str]:
    """The score by operator and in all, with and without what is proven equivalent."""
    by_operator: dict[str, collections.Counter[Fate]] = {}
    for trial in found:
        by_operator.setdefault(trial.mutant.operator, collections.Counter())[trial.fate] += 1
    lines = [f"{'operator':18}{'killed':>8}{'survived':>10}{'refused':>9}"]
    for operator, fates in sorted(by_operator.items()):
        counts = (fates[Fate.KILLED], fates[Fate.SURVIVED], fates[Fate.REFUSED])
        lines.append("{:18}{:8}{:10}{:9}".format(operator, *counts))
    total = sum(by_operator.values(), collections.Counter())
    killed, survived = total[Fate.KILLED], total[Fate.SURVIVED]
    equivalent = sum(
        trial.fate is Fate.SURVIVED
        and trial.mutant.name in known
        and known[trial.mutant.name].proof == "equivalent"
        for trial in found
    )
    lines.append("{:18}{:8}{:10}{:9}".format("all", killed, survived, total[Fate.REFUSED]))
    lines.append(f"score: {_share(killed, killed + survived)}")
    lines.append(
        f"score without {equivalent} proven equivalent: "
        f"{_share(killed, killed + survived - equivalent)}"
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
    arguments = parser.parse_args()
    known = known_survivors()
    found = trials(arguments.sample, arguments.seed, arguments.processes)
    alive = unaccounted(found, known)
    for mutant in alive:
        print(f"survived: {mutant}")
    stale = set()
    if arguments.sample is None:
        survived = {trial.mutant.name for trial in found if trial.fate is Fate.SURVIVED}
        stale = known.keys() - survived
    for name in sorted(stale):
        print(f"{SURVIVORS.name} lists what does not survive: {name}")
    print("\n".join(report(found, known)))
    return 1 if alive or stale else 0


if __name__ == "__main__":
    sys.exit(main())
