"""How long it takes to find changes: eight example candidates, each of the five paths."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine, load_ruleset
from rolefit.engine.reaching import Goal
from rolefit.engine.ruleset import PATHS
from rolefit.v1.change_pb2 import ChangeOutcome
from rolefit.v1.path_pb2 import Path as PathNumber
from rolefit.v1.profile_pb2 import CandidateProfile
from tests.cases import CASES

PEOPLE = ("V01", "V04", "V07", "V13", "V16", "V20", "V28", "V40")


@dataclass(frozen=True)
class Search:
    """One search: milliseconds it took at the median, its outcome, changes, those confirmed."""

    milliseconds: float
    outcome: str
    changes: int
    confirmed: int


def search(engine: Engine, profile: CandidateProfile, path: str, rounds: int) -> Search:
    """Looks for changes several times."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        reached = engine.find_changes(profile, Goal(path))
        took.append(1000 * (time.perf_counter() - began))
    wanted = PathNumber.Value(f"PATH_{path}")
    confirmed = sum(engine.recommend(c.profile).path == wanted for c in reached.changes)
    outcome = ChangeOutcome.Name(reached.outcome).removeprefix("CHANGE_OUTCOME_")
    return Search(statistics.median(took), outcome, len(reached.changes), confirmed)


def main() -> None:
    """Prints a line for each person, then one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="searches of each kind")
    rounds = parser.parse_args().rounds
    profiles = {case["id"]: parse_profile(case["profile"]) for case in CASES}
    everything: list[Search] = []
    with Engine(load_ruleset()) as engine:
        print("person  median ms  worst ms  changes  confirmed  outcomes by path")
        for person in PEOPLE:
            found = [search(engine, profiles[person], path, rounds) for path in PATHS]
            print(line(person, found), " ".join(each.outcome for each in found))
            everything += found
    print(line("all", everything))


def line(name: str, found: list[Search]) -> str:
    """One line of the table."""
    took = [each.milliseconds for each in found]
    changes = sum(each.changes for each in found)
    confirmed = sum(each.confirmed for each in found)
    middle, worst = statistics.median(took), max(took)
    return f"{name:6}  {middle:9.2f}  {worst:8.2f}  {changes:7}  {confirmed:9} "


if __name__ == "__main__":
    main()
