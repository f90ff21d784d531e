"""Health, reflection and other services of generated code, guarded as ours guard themselves.

They are not `UnaryCalls`, and an interceptor would cost every call of every service; so
their methods are wrapped as they are registered.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from rolefit.server import errors
from rolefit.server.identification import Identification

_Handlers = dict[str, Any]


class GuardedServices:
    """Stands in for a server where generated code registers a service.

    Callers are identified and not counted: a health check is no use if it fails because of
    the calls beside it. Bytes that are no request are refused with INVALID_ARGUMENT; gRPC
    alone would answer UNKNOWN and log a traceback for each, at the will of any caller.

    Args:
        server: The gRPC server.
        identification: Says who calls; without one, everybody may.
    """

    def __init__(self, server: Any, identification: Identification | None = None) -> None:
        self._server = server
        self._identification = identification

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Do nothing: the same handlers are registered by name, too."""

    def add_registered_method_handlers(self, service: str, handlers: _Handlers) -> None:
        """Register the methods of a service behind the guard."""
        guarded = {name: self._guarded(each) for name, each in handlers.items()}
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, guarded),)
        )

    def _guarded(self, handler: Any) -> Any:
        coders = (_lenient(handler.request_deserializer), handler.response_serializer)
        if handler.request_streaming:
            streamed = self._before_stream(handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(streamed, *coders)
        if handler.response_streaming:
            # Watch writes its answers to the context; it is no generator.
            watched: Any = self._before(handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(watched, *coders)
        checked: Any = self._before(handler.unary_unary)
        return grpc.unary_unary_rpc_method_handler(checked, *coders)

    def _before(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def guarded(request: Any, context: Any) -> Any:
            await self._identify(context)
            return await method(await _parsed(request, context), context)

        return guarded

    def _before_stream(self, method: Callable[..., AsyncIterator[Any]]) -> Any:
        async def guarded(requests: Any, context: Any) -> AsyncIterator[Any]:
            await self._identify(context)
            parsed = (await _parsed(request, context) async for request in requests)
            async for response in method(parsed, context):
                yield response

        return guarded

    async def _identify(self, context: Any) -> None:
        if self._identification is None:
            return
        try:
            self._identification.caller_of(context)
        except errors.CallError as refused:
            await _abort(context, refused)


def _lenient(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Have a parser return its error: what it raises would be out of the methods' reach."""
    malformed = errors.malformed(parse(b"").DESCRIPTOR.full_name, "it does not parse")

    def parse_or_refuse(message: bytes) -> Any:
        try:
            return parse(message)
        except DecodeError:
            return malformed

    return parse_or_refuse


async def _parsed(request: Any, context: Any) -> Any:
    if isinstance(request, errors.CallError):
        await _abort(context, request)
    return request


async def _abort(context: Any, error: errors.CallError) -> None:
    status = error.status()
    await context.abort(status.code, status.details, tuple(status.trailing_metadata))
