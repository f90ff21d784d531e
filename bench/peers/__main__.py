"""How our engine compares with others that hold the same rules: who is right, and how fast.

    make bench-peers

Every engine decides the same people, checked against our engine first. Then rounds of all take
turns in one process on one core; each round has people of its own, whom nobody saw before.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import cel, clips, drools, durable, zen
from bench.peers.formulas import translate
from bench.peers.peer import Decided, NotAvailableError, Peer
from bench.peers.variables import Reader
from bench.people import requests
from rolefit.engine import Engine, load_ruleset
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.ruleset import Ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

CHECKED = 1_000
OTHERS = (cel, zen, drools, clips)


@dataclass(frozen=True)
class Person:
    """A profile with what our engine decides about it."""

    facts: Facts
    certainty: str
    decided: Decided


@dataclass
class Row:
    """A line of the table: `microseconds` of processor time for a decision, by round."""

    peer: Peer
    wrong: int
    microseconds: list[float] = field(default_factory=list)


def people(engine: Engine, count: int) -> list[Person]:
    """That many different people; the same every time."""
    found = []
    for request in requests(count):
        facts = read_facts(RecommendRequest.FromString(request).profile)
        outcome = engine.run(facts)
        decided = Decided(outcome.verdict.path, frozenset(outcome.met))
        found.append(Person(facts, outcome.verdict.certainty, decided))
    return found


def open_peers(ruleset: Ruleset) -> Iterator[Peer]:
    """Our engine, then every other that can run here; says which cannot."""
    yield from durable.open_peers(ruleset)
    for module in OTHERS:
        try:
            yield module.open_peer(ruleset)
        except NotAvailableError as error:
            print(f"left out: {module.__name__.rpartition('.')[2]}: {error}")


def wrong(peer: Peer, of: Sequence[Person]) -> int:
    """How many people an engine decides otherwise than ours: path or any rule that fires."""
    return sum(peer.decide(each.facts, each.certainty) != each.decided for each in of)


def warm_up(peer: Peer, seconds: float, with_people: Sequence[Person]) -> None:
    """Decide for some time; a Java machine compiles what is used much."""
    until = time.perf_counter() + seconds
    for each in itertools.cycle(with_people):
        peer.decide(each.facts, each.certainty)
        if time.perf_counter() > until:
            return


def timed(decide: Callable[[Facts, str], object], of: Sequence[Person]) -> float:
    """Microseconds of this process's time, all threads, for each person."""
    gc.collect()
    began = time.process_time()
    for each in of:
        decide(each.facts, each.certainty)
    return (time.process_time() - began) / len(of) * 1e6


def at_least_two(text: str) -> int:
    """A number of rounds that has quartiles."""
    if int(text) < 2:
        raise argparse.ArgumentTypeError("at least 2")
    return int(text)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=at_least_two, default=11)
    parser.add_argument(
        "--people", type=int, default=1_000, help="different ones in each round"
    )
    parser.add_argument("--warm-up", type=float, default=6.0, help="seconds for each engine")
    arguments = parser.parse_args()
    # Threads that a peer starts later inherit it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    ruleset = load_ruleset()
    with Engine(ruleset) as engine:
        known, *rounds = split(
            people(engine, CHECKED + arguments.rounds * arguments.people), arguments.people
        )
    peers = list(open_peers(ruleset))
    for peer in peers:
        if isinstance(peer, durable.ServedPeer):
            for each in itertools.chain(known, *rounds):
                peer.get_ready(each.facts)
    rows = [Row(peer, wrong(peer, known)) for peer in peers]
    for row in rows:
        warm_up(row.peer, arguments.warm_up, known)
    for number, some in enumerate(rounds):
        # Each begins a round as often as any other.
        start = number % len(rows)
        for row in (*rows[start:], *rows[:start]):
            row.microseconds.append(timed(row.peer.decide, some))
    print_table(rows)
    print_conversions(ruleset, rounds)
    for row in rows:
        row.peer.close()


def split(everybody: list[Person], size: int) -> list[list[Person]]:
    """Those to check and warm up with, then those of each round."""
    rest = everybody[CHECKED:]
    return [
        everybody[:CHECKED],
        *(rest[i : i + size] for i in range(0, len(rest), size)),
    ]


def print_table(rows: Sequence[Row]) -> None:
    """Medians of the rounds, with their quartiles, and ratios to our engine."""
    ours = statistics.median(rows[0].microseconds)
    print(f"\n{processor()}; CPython {platform.python_version()}; one core; CPU time\n")
    print(f"| engine | wrong of {CHECKED:,} | µs per decision (quartiles) | ratio |")
    print("|---|--:|--:|--:|")
    for row in rows:
        low, middle, high = statistics.quantiles(row.microseconds, n=4, method="inclusive")
        print(
            f"| {row.peer.name} | {row.wrong} | {middle:.0f} ({low:.0f} to {high:.0f})"
            f" | {middle / ours:.2f} |"
        )


def print_conversions(ruleset: Ruleset, rounds: Sequence[Sequence[Person]]) -> None:
    """How much of a decision is writing the facts as an engine wants them."""
    formulas = translate(ruleset)
    reader = Reader(formulas, ruleset.vocabulary.fields)
    took = statistics.median(timed(lambda facts, _: reader.read(facts), r) for r in rounds)
    print(f"\nIn each peer's time: writing the facts as variables, {took:.0f} µs.")


def processor() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
