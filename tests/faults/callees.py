"""Two ways to put bytes to the server's methods: over the wire, and in this process."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]

from rolefit.engine import Engine
from rolefit.server.call import Call
from rolefit.server.catalogue_service import CatalogueService
from rolefit.server.errors import CallError
from rolefit.server.recommendation_service import RecommendationService
from rolefit.server.snapshot import Snapshot, Snapshots
from rolefit.v1 import catalogue_service_pb2, recommendation_service_pb2
from tests.server.calls import detail

from .oracle import OK, Outcome

RECOMMEND = "/rolefit.v1.RecommendationService/Recommend"
PATIENCE_SECONDS = 60.0


def methods() -> dict[str, type[Message]]:
    """The request type of every method, by the method's path on the wire."""
    found: dict[str, type[Message]] = {}
    for module in (recommendation_service_pb2, catalogue_service_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                path = f"/{service.full_name}/{method.name}"
                found[path] = getattr(module, method.input_type.name)
    return found


def over_the_wire(channel: grpc.Channel, path: str, message: bytes) -> Outcome:
    """Sends bytes to a method of a running server."""
    call: Any = channel.unary_unary(path)
    try:
        return Outcome(OK, body=call(message, timeout=PATIENCE_SECONDS))
    except grpc.RpcError as error:
        failed: Any = error
        info: Any = detail(failed, error_details_pb2.ErrorInfo)
        bad: Any = detail(failed, error_details_pb2.BadRequest)
        return Outcome(failed.code().name, *_reading(info, bad))


class InProcess:
    """The methods of a server without gRPC around them."""

    def __init__(self, engine: Engine) -> None:
        snapshots = Snapshots(Snapshot.of(engine))
        services = (RecommendationService(snapshots), CatalogueService(snapshots))
        self._methods = {
            name: method for service in services for name, method in service.methods.items()
        }

    def call(self, path: str, message: bytes) -> Outcome:
        """Puts bytes to a method."""
        name = path.rpartition("/")[2]
        try:
            return Outcome(OK, body=self._methods[name].respond(message, None, Call(name, "")))
        except CallError as error:
            found = {type(each): each for each in error.details}
            info: Any = found.get(error_details_pb2.ErrorInfo)
            bad: Any = found.get(error_details_pb2.BadRequest)
            return Outcome(error.code.name, *_reading(info, bad))


def _reading(info: Any, bad: Any) -> tuple[str, tuple[str, ...]]:
    fields = () if bad is None else tuple(each.field for each in bad.field_violations)
    return (info.reason if info else ""), fields
