"""The admin service as an operator calls it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from rolefit.v1 import admin_service_pb2 as pb
from rolefit.v1.admin_service_pb2_grpc import AdminServiceStub

from .processes import ServerProcess


class Admin:
    """Its four methods."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = AdminServiceStub(channel)

    def reload(self) -> pb.ReloadRulesResponse:
        answer: pb.ReloadRulesResponse = self._stub.ReloadRules(
            pb.ReloadRulesRequest(), timeout=60
        )
        return answer

    def roll_back(self, digest: str | None = None) -> pb.RulesStatus:
        request = pb.RollbackRulesRequest(ruleset_digest=digest)
        rules: pb.RulesStatus = self._stub.RollbackRules(request, timeout=60).rules
        return rules

    def restart(self) -> list[int]:
        answer = self._stub.RestartWorkers(pb.RestartWorkersRequest(), timeout=100)
        return [worker.pid for worker in answer.workers]

    def status(self) -> pb.GetStatusResponse:
        answer: pb.GetStatusResponse = self._stub.GetStatus(pb.GetStatusRequest(), timeout=20)
        return answer


@contextmanager
def admin_of(server: ServerProcess) -> Iterator[Admin]:
    """Connects to the admin service of a server started with an --admin-port."""
    server.wait_for_events("serving", 1)
    port = server.events("serving")[0]["admin_port"]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Admin(channel)
