"""A gRPC server that goes on where gRPC's own gives up.

`grpc.aio` (1.85) decodes the path of every call in the very task that accepts calls. A path
that is not UTF-8 raises there, and the server stops listening and accepting for good, while
its process lives on: one frame from anybody would silence a worker. Nothing can be hooked in
before that decoding, so a server that has stopped by itself is replaced by another on the same
port, built by the same steps. Calls in flight finish on the old one; the others find a closed
connection, as after any restart, and retrying clients try again.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
from grpc import aio

from rolefit.server import log

_POLL_SECONDS = 0.02
_GRACE_SECONDS = 10.0
"""How long calls in flight on a server that stopped may take. The call that stopped it never
ends by itself."""

_Step = Callable[[aio.Server], Any]


class RevivedServer(aio.Server):
    """Takes the place of a server from `aio.server`, with the same arguments and methods."""

    def __init__(self, **arguments: Any) -> None:
        self._arguments = arguments
        self._steps: list[_Step] = []
        self._server = aio.server(**arguments)
        self._watching: asyncio.Future[None] | None = None
        self._retired: set[asyncio.Future[None]] = set()

    def add_generic_rpc_handlers(
        self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]
    ) -> None:
        """See `grpc.aio.Server`."""
        handlers = tuple(generic_rpc_handlers)
        self._step(lambda server: server.add_generic_rpc_handlers(handlers))

    def add_registered_method_handlers(
        self,
        service_name: str,
        method_handlers: "Mapping[str, grpc.RpcMethodHandler[Any, Any]]",
    ) -> None:
        """Do nothing; the generic handlers, which stubs add too, serve the same methods.

        For each registered method gRPC waits for a call, and a server that stops by itself
        drops what it waits with while its core still writes there: a freed tuple of somebody
        else then changes its length (seen with 1.85). One that waits for any call, as with
        generic handlers, has nothing waiting at that moment.
        """

    def add_insecure_port(self, address: str) -> int:
        """See `grpc.aio.Server`."""
        port = self._server.add_insecure_port(address)
        again = _with_port(address, port)
        self._steps.append(lambda server: server.add_insecure_port(again))
        return port

    def add_secure_port(self, address: str, server_credentials: grpc.ServerCredentials) -> int:
        """See `grpc.aio.Server`."""
        port = self._server.add_secure_port(address, server_credentials)
        again = _with_port(address, port)
        self._steps.append(lambda server: server.add_secure_port(again, server_credentials))
        return port

    async def start(self) -> None:
        """See `grpc.aio.Server`."""
        await self._server.start()
        self._watching = asyncio.ensure_future(self._watch())

    async def stop(self, grace: float | None) -> None:
        """See `grpc.aio.Server`."""
        if self._watching is not None:
            self._watching.cancel()
        await asyncio.gather(self._server.stop(grace), *self._retired)

    async def wait_for_termination(self, timeout: float | None = None) -> bool:
        """See `grpc.aio.Server`."""
        return await self._server.wait_for_termination(timeout)

    def _step(self, step: _Step) -> None:
        step(self._server)
        self._steps.append(step)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if _accepts(self._server):
                continue
            old = self._server
            try:
                self._server = await self._rebuilt()
            except RuntimeError:
                continue  # the port is not free yet
            log.logger().error("grpc stopped accepting calls; started again")
            retiring = asyncio.ensure_future(old.stop(_GRACE_SECONDS))
            self._retired.add(retiring)
            retiring.add_done_callback(self._retired.discard)

    async def _rebuilt(self) -> aio.Server:
        server = aio.server(**self._arguments)
        for step in self._steps:
            step(server)
        await server.start()
        return server


def _accepts(server: aio.Server) -> bool:
    # The public interface does not tell: wait_for_termination() waits for calls in flight
    # first, and the call that stopped the server never ends.
    return bool(server._server.is_running())  # type: ignore[attr-defined]


def _with_port(address: str, port: int) -> str:
    """The address with the port that was bound, where the one asked for may be 0."""
    return f"{address.rpartition(':')[0]}:{port}"
