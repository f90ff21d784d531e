"""The health service, whose watchers do not hold up a stop, and which knows the rules."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2

from rolefit.server.rules_status import RulesStatus

RULES = "rolefit.rules"
"""What to ask the health service for to learn whether the rules folder can be used.

The trailers of such a check name the rules that serve and what is wrong with newer ones.
"""

_DIGEST_TRAILER = "rolefit-ruleset-digest"
_FAILURE_TRAILER = "rolefit-rules-failure"
_LONGEST_TRAILER = 1_000


class Health(health.aio.HealthServicer):  # type: ignore[misc]
    """grpc.health.v1, with a way to end its watch streams.

    A watch is a call that never finishes by itself; a server that lets its calls finish
    would always use up the whole grace period as long as one client watches.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watches: set[asyncio.Task[Any]] = set()
        self._ended = False
        self._rules: RulesStatus | None = None

    async def show_rules(self, rules: RulesStatus, services: Sequence[str]) -> None:
        """Say NOT_SERVING for RULES while newer rules cannot be used, and for all if stale."""
        self._rules = rules
        await self.set(RULES, _status(rules.failing_since is None))
        for name in ("", *services):
            await self.set(name, _status(not rules.stale))

    async def Check(  # noqa: N802 - the name in the contract
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> health_pb2.HealthCheckResponse:
        """Return the status of a service."""
        if request.service == RULES and self._rules is not None:
            trailers = [(_DIGEST_TRAILER, self._rules.digest)]
            if self._rules.failing_since is not None:
                # Trailers hold ASCII alone.
                failure = " ".join(self._rules.last_failure.split())[:_LONGEST_TRAILER]
                ascii_only = failure.encode("ascii", "backslashreplace").decode()
                trailers.append((_FAILURE_TRAILER, ascii_only))
            context.set_trailing_metadata(tuple(trailers))
        return await super().Check(request, context)

    async def Watch(  # noqa: N802 - the name in the contract
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> None:
        """Stream the status of a service until the client leaves or the server stops."""
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            await super().Watch(request, context)
        except asyncio.CancelledError:
            if not self._ended:
                raise
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is stopping")
        finally:
            self._watches.discard(task)

    def end_watches(self) -> None:
        """End every open watch with UNAVAILABLE, upon which clients watch elsewhere."""
        self._ended = True
        for task in self._watches:
            task.cancel()


def _status(serving: bool) -> int:
    response = health_pb2.HealthCheckResponse
    return int(response.SERVING if serving else response.NOT_SERVING)
