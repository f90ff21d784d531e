"""The health service, whose watchers do not hold up a stop."""

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2


class Health(health.aio.HealthServicer):  # type: ignore[misc]
    """grpc.health.v1, with a way to end its watch streams.

    A watch is a call that never finishes by itself; a server that lets its calls finish
    would always use up the whole grace period as long as one client watches.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watches: set[asyncio.Task[Any]] = set()
        self._ended = False

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
