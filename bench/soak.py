"""Sends many calls to a server of its own and prints errors and the server's memory.

    make soak CALLS=100000

The profiles are random and valid, from empty to complete; 2,000 different ones take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import grpc
import grpc.aio

sys.path.insert(0, str(Path(__file__).parent.parent))

from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse
from rolefit.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from tests.profiles import FIELDS, message, values
from tests.server.processes import ServerProcess, children

DISTINCT_PROFILES = 2_000
IN_FLIGHT = 16


def random_requests(seed: int) -> list[RecommendRequest]:
    """Valid requests, the same for the same seed."""
    rng = random.Random(seed)
    requests = []
    for _ in range(DISTINCT_PROFILES):
        share = rng.random()
        facts = {p: rng.choice(values(f)) for p, f in FIELDS.items() if rng.random() < share}
        requests.append(RecommendRequest(profile=message(facts)))
    return requests


def resident_megabytes(pid: int) -> float:
    """Memory of a process and its children that is in RAM."""
    total = 0.0
    for each in (pid, *children(pid)):
        status = Path(f"/proc/{each}/status").read_text()
        total += int(status.partition("VmRSS:")[2].split()[0]) / 1024
    return total


async def soak(server: ServerProcess, calls: int, marks: list[int]) -> dict[str, int]:
    """Makes the calls; prints memory at each mark; returns counts by status code."""
    requests = random_requests(seed=1)
    counts: dict[str, int] = {}
    done = 0
    began = time.monotonic()
    async with grpc.aio.insecure_channel(f"localhost:{server.port}") as channel:
        recommend = RecommendationServiceStub(channel).Recommend
        todo = iter(range(calls))

        async def work() -> None:
            nonlocal done
            for i in todo:
                try:
                    answer: RecommendResponse = await recommend(
                        requests[i % len(requests)], timeout=30
                    )
                    code = "OK" if answer.recommendation.path else "EMPTY"
                except grpc.aio.AioRpcError as error:
                    code = error.code().name
                counts[code] = counts.get(code, 0) + 1
                done += 1
                if done in marks:
                    memory = resident_megabytes(server.process.pid)
                    rate = done / (time.monotonic() - began)
                    print(
                        f"{done:>9,} calls  {memory:8.1f} MB  {rate:7.0f} calls/s  {counts}",
                        flush=True,
                    )

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return counts


def main() -> int:
    """Runs the soak; the exit code is 1 if any call failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    marks = sorted({options.calls * i // 10 for i in range(1, 11)})
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder), "--workers", str(options.workers))
        try:
            counts = asyncio.run(soak(server, options.calls, marks))
        finally:
            server.stop()
    return 0 if counts == {"OK": options.calls} else 1


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    sys.exit(main())
