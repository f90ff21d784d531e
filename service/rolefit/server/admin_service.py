"""AdminService, on a port of its own on the loopback address."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message
from grpc import aio
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from rolefit.server import errors, log, ports
from rolefit.server.control import Command, ControlError
from rolefit.server.guarded_services import GuardedServices
from rolefit.server.validation import checker
from rolefit.v1 import admin_service_pb2 as pb
from rolefit.v1 import admin_service_pb2_grpc

HOST = "127.0.0.1"
"""The only address it is served on: whoever is on this machine may use it, nobody else."""

_SERVICE = pb.DESCRIPTOR.services_by_name["AdminService"].full_name
_CODES = {
    "RULES_REFUSED": grpc.StatusCode.FAILED_PRECONDITION,
    "RULESET_NOT_HELD": grpc.StatusCode.NOT_FOUND,
    "CANNOT_RESTART": grpc.StatusCode.FAILED_PRECONDITION,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}

_Context = aio.ServicerContext[Any, Any]


class Controlled(Protocol):
    """A server, here or in another process."""

    async def carry_out(self, command: str, digest: str = "") -> dict[str, Any]:
        """Do what `Control.carry_out` does."""


class AdminService(admin_service_pb2_grpc.AdminServiceServicer):
    """The service over a server that it controls."""

    def __init__(self, controlled: Controlled) -> None:
        self._controlled = controlled
        self._violations = checker(pb.RollbackRulesRequest)
        self._running: set[asyncio.Future[dict[str, Any]]] = set()

    async def ReloadRules(  # noqa: N802 - the name in the contract
        self, request: pb.ReloadRulesRequest, context: _Context
    ) -> pb.ReloadRulesResponse:
        """Reload, and return when all workers answer by the rules."""
        state = await self._carry_out(context, Command.RELOAD)
        return pb.ReloadRulesResponse(changed=state["changed"], rules=_rules(state))

    async def RollbackRules(  # noqa: N802
        self, request: pb.RollbackRulesRequest, context: _Context
    ) -> pb.RollbackRulesResponse:
        """Go back to rules that are held."""
        bad = self._violations(request)
        if bad:
            await _abort(context, errors.invalid_fields(bad))
        state = await self._carry_out(context, Command.ROLL_BACK, request.ruleset_digest)
        return pb.RollbackRulesResponse(rules=_rules(state))

    async def RestartWorkers(  # noqa: N802
        self, request: pb.RestartWorkersRequest, context: _Context
    ) -> pb.RestartWorkersResponse:
        """Replace the workers one after another."""
        state = await self._carry_out(context, Command.RESTART)
        return pb.RestartWorkersResponse(workers=_workers(state))

    async def GetStatus(  # noqa: N802
        self, request: pb.GetStatusRequest, context: _Context
    ) -> pb.GetStatusResponse:
        """Return the state of the server."""
        state = await self._carry_out(context, Command.STATUS)
        return pb.GetStatusResponse(rules=_rules(state), workers=_workers(state))

    async def _carry_out(
        self, context: _Context, command: Command, digest: str = ""
    ) -> dict[str, Any]:
        running = asyncio.ensure_future(self._controlled.carry_out(command.value, digest))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        try:
            # Half a swap would be worse than one that the caller no longer waits for.
            return await asyncio.shield(running)
        except ControlError as error:
            refused = errors.refused_by_server(_CODES[error.reason], str(error), error.reason)
            await _abort(context, refused)
            raise
        except Exception:
            log.logger().exception("an admin command failed", command=command.value)
            raise


class AdminServer:
    """The service as it runs.

    Attributes:
        port: The port it listens on.
    """

    def __init__(self, server: aio.Server, port: int) -> None:
        self._server = server
        self.port = port

    @classmethod
    async def start(
        cls, controlled: Controlled, port: int, with_reflection: bool
    ) -> AdminServer:
        """Start to serve on HOST.

        Raises:
            PortError: The port cannot be listened on.
        """
        # gRPC would refuse a taken port too, but with lines of its own on stderr.
        ports.claim(HOST, port, shared=False).close()
        server = aio.server(options=[("grpc.so_reuseport", 0)])
        guarded: Any = GuardedServices(server)
        admin_service_pb2_grpc.add_AdminServiceServicer_to_server(
            AdminService(controlled), guarded
        )
        if with_reflection:
            reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
                reflection.aio.ReflectionServicer((_SERVICE, reflection.SERVICE_NAME)),
                guarded,
            )
        bound = server.add_insecure_port(ports.address_of(HOST, port))
        await server.start()
        return cls(server, bound)

    async def stop(self) -> None:
        """End it; calls that wait for a command end too, the commands do not."""
        await self._server.stop(None)


async def _abort(context: _Context, error: errors.CallError) -> None:
    status = error.status()
    await context.abort(status.code, status.details, tuple(status.trailing_metadata))


def _rules(state: dict[str, Any]) -> pb.RulesStatus:
    given = state["rules"]
    rules = pb.RulesStatus(
        name=given["name"],
        version=given["version"],
        digest=given["digest"],
        held_digests=given["held"],
        failures=given["failures"],
        last_failure=given["last_failure"],
        stale=given["stale"],
    )
    _set_time(rules.loaded_at, given["loaded_at"])
    if given["failing_since"] is not None:
        _set_time(rules.failing_since, given["failing_since"])
    return rules


def _workers(state: dict[str, Any]) -> list[pb.WorkerStatus]:
    workers = []
    for given in state["workers"]:
        worker = pb.WorkerStatus(pid=given["pid"])
        _set_time(worker.serving_since, given["serving_since"])
        workers.append(worker)
    return workers


def _set_time(field: Message, seconds: float) -> None:
    field.FromMilliseconds(round(seconds * 1000))  # type: ignore[attr-defined]
