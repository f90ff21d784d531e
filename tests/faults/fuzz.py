"""Puts random bytes to the server for a time, and prints what it answered.

    make fuzz SECONDS=600

Half of the time hypothesis sends requests to a server process over the wire; the other half
atheris, guided by coverage, puts them to the methods in its own process. Every answer is
judged by `oracle`. The exit code is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import grpc
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from rolefit.engine import Engine, load_ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendRequest
from tests.server.calls import channel
from tests.server.processes import ServerProcess

from .callees import RECOMMEND, methods, over_the_wire
from .oracle import Oracle
from .request_bytes import any_request, requests, valid_request

_ROOT = Path(__file__).parent.parent.parent
_EXAMPLES_PER_ROUND = 500
_SEED_INPUTS = 400
_MARGIN_SECONDS = 120


def over_wire(oracle: Oracle, server: ServerProcess, seconds: float, first: int) -> list[str]:
    """Rounds of hypothesis until the time is up; returns what was wrong."""
    until = time.monotonic() + seconds
    others = {path: kind for path, kind in methods().items() if path != RECOMMEND}
    number = first
    with channel(server.port) as opened:
        while time.monotonic() < until:
            try:
                _round(oracle, opened, others, number, until)
            except Exception as failed:
                return [f"round {number}: {failed}"]
            number += 1
    if server.process.poll() is not None:
        return [f"the server ended with exit code {server.process.returncode}"]
    return [f"logged: {line}" for line in server.events("call failed")]


def _round(
    oracle: Oracle,
    opened: grpc.Channel,
    others: dict[str, type],
    number: int,
    until: float,
) -> None:
    paths = [*[RECOMMEND] * (3 * len(others)), *sorted(others)]
    calls = st.sampled_from(paths).flatmap(
        lambda path: st.tuples(st.just(path), requests(others.get(path, RecommendRequest)))
    )

    @seed(number)
    @settings(
        max_examples=_EXAMPLES_PER_ROUND,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(call=calls)
    def judged(call: tuple[str, bytes]) -> None:
        if time.monotonic() > until:
            return
        path, message = call
        outcome = over_the_wire(opened, path, message)
        complaints = (
            oracle.complaints(message, outcome)
            if path == RECOMMEND
            else oracle.complaints_of_other(others[path], message, outcome)
        )
        assert not complaints, f"{complaints} for {path} of {message!r}"

    judged()


def by_coverage(folder: Path, seconds: int, first: int) -> tuple[Counter[str], list[str]]:
    """Runs atheris; returns its counts and what was wrong."""
    corpus, counts = folder / "corpus", folder / "counts"
    corpus.mkdir()
    _write_seeds(corpus, first)
    counts.write_text("{}")
    command = [sys.executable, "-m", "tests.faults.coverage_fuzz", str(counts), str(corpus)]
    options = [
        f"-max_total_time={seconds}",
        f"-seed={first or 1}",
        "-max_len=2048",
        "-timeout=60",
        "-print_final_stats=1",
        f"-artifact_prefix={Path(tempfile.gettempdir())}/rolefit-fuzz-",
    ]
    done = subprocess.run(
        [*command, *options],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + _MARGIN_SECONDS,
        check=False,
    )
    wrong = [] if done.returncode == 0 else [done.stderr[-4_000:] + done.stdout[-2_000:]]
    return Counter(json.loads(counts.read_text())), wrong


def _write_seeds(corpus: Path, first: int) -> None:
    rng = random.Random(first)
    others = sorted(path for path in methods() if path != RECOMMEND)
    for number in range(_SEED_INPUTS):
        if number % 4 < 3:
            content = b"\0" + valid_request(rng).SerializeToString()
        else:
            choice = rng.randrange(192, 256)
            kind = methods()[others[choice % len(others)]]
            content = bytes([choice]) + any_request(rng, kind).SerializeToString()
        (corpus / str(number)).write_bytes(content)


def report(title: str, counts: Counter[str], seconds: float, wrong: list[str]) -> None:
    """Prints the counts of one fuzzer."""
    total = sum(counts.values())
    print(f"{title}: {total:,} requests in {seconds:.0f} s, {len(wrong)} wrong", flush=True)
    for kind, count in sorted(counts.items()):
        print(f"  {kind:<38}{count:>10,}")
    for each in wrong:
        print(f"WRONG: {each}")


def main() -> int:
    """Fuzzes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    half = max(1, options.seconds // 2)
    with tempfile.TemporaryDirectory() as name, Engine(load_ruleset()) as engine:
        oracle = Oracle(engine)
        server = ServerProcess(Path(name), "--workers", "1")
        try:
            wrong = over_wire(oracle, server, half, options.seed * 10**6)
        finally:
            server.stop()
        report("hypothesis, over the wire", oracle.counts, half, wrong)
        if sys.platform != "linux" or platform.machine() != "x86_64":
            print("atheris has no build for this machine; it is left out")
            return bool(wrong)
        counts, more_wrong = by_coverage(Path(name), half, options.seed)
        report("atheris, in process", counts, half, more_wrong)
        return bool(wrong or more_wrong)


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.exit(main())
