"""The process that calls: the bundled client, many callers, every answer checked.

    python -m tests.faults.calling < order

Started by `load.Load` alone. A process of its own, so that it competes with the tests for no
interpreter lock, and so that its gRPC can be told to log retries. Its standard input brings
one line of JSON, an `Order`, and ends when it is to stop. Its standard output takes one line
of JSON for every few answers, and last the report.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rolefit.client import AsyncClient, Overloaded, RolefitError

from .cases import Case, read

_MOST_REFUSALS = 100
_MOST_FAILURES_KEPT = 5
_ANSWERS_PER_LINE = 20


@dataclass(frozen=True)
class Order:
    """What to call, and how much.

    Attributes:
        target: gRPC target.
        cases: File that `cases.write` wrote.
        calls: Most calls to make; None sets no limit.
        callers: Calls in flight at once.
        connections: Over how many connections; each goes to one worker.
        timeout: Of a call, retries included. Unit: seconds.
        wait_for_ready: Whether calls wait for a server that is not there.
    """

    target: str
    cases: str
    calls: int | None
    callers: int
    connections: int
    timeout: float
    wait_for_ready: bool


@dataclass
class Report:
    """What came of it. Times are those of `time.monotonic()`, in seconds.

    Attributes:
        sent: Calls made.
        answered: Calls that brought the right answer.
        wrong: Calls that brought another answer.
        by_ruleset: Answers by the digest of the rules that gave them.
        lost: Calls that failed.
        refused: Times that a server said to try again later; the caller did.
        failures: Why the first of the failed calls failed.
        calls: Caller, begin and end of every answered call.
    """

    sent: int = 0
    answered: int = 0
    wrong: int = 0
    by_ruleset: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    calls: list[tuple[int, float, float]] = field(default_factory=list)


class _Callers:
    def __init__(self, order: Order, cases: list[Case]) -> None:
        self._order = order
        self._cases = cases
        self._stop = False
        self.report = Report()

    def stop(self) -> None:
        """Begins no more calls."""
        self._stop = True

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(self._client(number))
                for number in range(self._order.connections)
            ]
            await asyncio.gather(
                *(
                    self._keep_calling(clients[caller % len(clients)], caller)
                    for caller in range(self._order.callers)
                )
            )

    def _client(self, number: int) -> AsyncClient:
        # gRPC shares a connection between channels of one process whose options are the
        # same; a limit of its own gives each client its own.
        return AsyncClient(
            self._order.target,
            timeout=self._order.timeout,
            wait_for_ready=self._order.wait_for_ready,
            max_message_bytes=4 * 2**20 + number,
        )

    async def _keep_calling(self, client: AsyncClient, caller: int) -> None:
        report, most = self.report, self._order.calls
        while not self._stop and (most is None or report.sent < most):
            case = self._cases[report.sent % len(self._cases)]
            report.sent += 1
            began = time.monotonic()
            try:
                right = await self._call(client, case)
            except RolefitError as error:
                report.lost += 1
                if len(report.failures) < _MOST_FAILURES_KEPT:
                    report.failures.append(f"{error.code}: {error}")
                continue
            if not right:
                report.wrong += 1
                continue
            report.answered += 1
            report.calls.append((caller, began, time.monotonic()))
            if report.answered % _ANSWERS_PER_LINE == 0:
                self.say(answered=report.answered)

    async def _call(self, client: AsyncClient, case: Case) -> bool:
        """Calls until the server has room; says whether the answer is right."""
        for _ in range(_MOST_REFUSALS):
            try:
                answer = await client.recommend(case.profile)
                counts, digest = self.report.by_ruleset, answer.ruleset.digest
                counts[digest] = counts.get(digest, 0) + 1
                return case.matches(answer)
            except Overloaded as refusal:
                if refusal.retry_after is None:
                    raise
                self.report.refused += 1
                await asyncio.sleep(refusal.retry_after)
        raise RolefitError(f"refused {_MOST_REFUSALS} times")

    def say(self, **content: object) -> None:
        print(json.dumps(content), flush=True)


async def _main() -> None:
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    callers = _Callers(order, read(Path(order.cases)))
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(0)
        callers.stop()

    loop.add_reader(0, ended)
    await callers.run()
    callers.say(report=asdict(callers.report))


if __name__ == "__main__":
    asyncio.run(_main())
