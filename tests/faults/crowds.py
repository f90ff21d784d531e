"""Many calls at once, and callers who do not wait for their answers."""

from __future__ import annotations

import asyncio
import random

from rolefit.client import Answer, AsyncClient, DeadlineExceeded, Overloaded
from rolefit.v1.profile_pb2 import CandidateProfile

from .arena import Arena, Figures, figures

_CROWD = 1_000
_IMPATIENT_CALLS = 2_000


def concurrent_calls(arena: Arena) -> Figures:
    """1,000 calls at once: more than there are places."""
    server = arena.start("--workers", "2")
    calls = _CROWD * (1 + arena.scale)
    with arena.load(server, calls=calls, callers=_CROWD, connections=8, timeout=120) as load:
        load.finish(all_calls=True)
    return figures(load)


def impatient_callers(arena: Arena) -> Figures:
    """2,000 calls cancelled, or with a deadline, after 0 to 30 ms, beside patient ones.

    The places are few, so that one that is never given back would soon be missed.
    """
    server = arena.start("--workers", "2", "--max-in-flight", "64")
    with arena.load(server) as load:
        endings = asyncio.run(_hurry(f"127.0.0.1:{server.port}", arena.scale))
        load.more(200)
    assert set(endings) <= {"answered", "cancelled", "deadline", "refused"}, endings
    assert endings["cancelled"] > 0
    assert endings["deadline"] > 0
    return figures(load)


async def _hurry(target: str, scale: int) -> dict[str, int]:
    rng = random.Random(0)
    endings = {"answered": 0, "cancelled": 0, "deadline": 0, "refused": 0}
    todo = iter(range(_IMPATIENT_CALLS * scale))

    async def caller(client: AsyncClient) -> None:
        for number in todo:
            patience = rng.uniform(0.0005, 0.03)
            cancels = number % 2 == 0
            call = asyncio.ensure_future(
                client.recommend(CandidateProfile(), timeout=20 if cancels else patience)
            )
            if cancels:
                asyncio.get_running_loop().call_later(patience, call.cancel)
            endings[await _ending(call)] += 1

    async with AsyncClient(target) as client:
        await asyncio.gather(*(caller(client) for _ in range(32)))
    return endings


async def _ending(call: asyncio.Future[Answer]) -> str:
    try:
        await call
    except asyncio.CancelledError:
        return "cancelled"
    except DeadlineExceeded:
        return "deadline"
    except Overloaded:
        return "refused"
    return "answered"
