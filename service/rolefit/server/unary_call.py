"""Unary calls: from the bytes of a request to the bytes of a response, for any service.

A service is a table of methods. All services of a process share one `UnaryCalls`, since they
share its places for calls and its one processor.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf.message import DecodeError, Message
from grpc import aio

from rolefit.server import errors, log
from rolefit.server.admission import Admission
from rolefit.server.call import ArrivalWatcher, Call, CallWatcher, Gate

# How long to look for one more call in the queue, as a share of the last evaluation: enough
# for gRPC to hand it over where evaluations take milliseconds; next to nothing where they
# are quick, since a crowd is then soon served anyway.
_LONGEST_GAP = 0.1
# An evaluation that took less holds nobody up: a crowd is soon served anyway.
_QUICK_SECONDS = 0.002
# From gRPC's noticing a call to the first line of its handler.
_TURNS_TO_ENTER = 4

_Context = aio.ServicerContext[bytes, bytes]


@dataclass(frozen=True)
class Method:
    """One method of a service.

    Attributes:
        name: Its name in the contract.
        request: The type of its request.
        answer: Returns the response to a request, as a message or serialised; raises
            CallError where there is none. It need not check that the request parsed.
    """

    name: str
    request: type[Message]
    answer: Callable[[Any, Call], Message | bytes]

    def respond(self, message: bytes, seconds_left: float | None, call: Call) -> bytes:
        """Turn the bytes of a request into the bytes of its response.

        Args:
            message: A serialised request.
            seconds_left: Until the caller's deadline; None if there is none.
            call: The call that brought it.

        Raises:
            CallError: There is no response. If the fault is ours, its cause is logged.
        """
        try:
            check_deadline(seconds_left)
            response = self.answer(self.parse(message), call)
            if isinstance(response, bytes):
                return response
            return response.SerializeToString(deterministic=True)
        except errors.CallError:
            raise
        except Exception:
            log.logger().exception("call failed", decision_id=call.id)
            raise errors.internal(call.id) from None

    def parse(self, message: bytes) -> Message:
        """Parse a request.

        Raises:
            CallError: The bytes are no such request.
        """
        try:
            return self.request.FromString(message)
        except DecodeError:
            # The parser's own text names positions in C++ sources, not in the message.
            raise self.malformed("it does not parse") from None

    def malformed(self, why: str) -> errors.CallError:
        """Return what bytes that are no such request are answered."""
        return errors.malformed(self.request.DESCRIPTOR.full_name, why)


def check_deadline(seconds_left: float | None) -> None:
    """Refuse work that nobody waits for.

    Raises:
        CallError: No time is left. None means that the caller set no deadline.
    """
    if seconds_left is not None and seconds_left <= 0:
        raise errors.deadline_passed()


class UnaryCalls:
    """Carries out calls, one at a time and in order of arrival.

    Args:
        admission: Limits the calls held at once.
        gate: Decides who may call; without one, everybody may.
        watchers: Told of every call that ended.
        arrival_watchers: Told of every call that arrives.
    """

    def __init__(
        self,
        admission: Admission,
        gate: Gate | None = None,
        watchers: Sequence[CallWatcher] = (),
        arrival_watchers: Sequence[ArrivalWatcher] = (),
    ) -> None:
        self._admission = admission
        self._gate = gate
        self._watchers = tuple(watchers)
        self._arrival_watchers = tuple(arrival_watchers)
        # Who evaluates; the others wait in order of arrival.
        self._turn = asyncio.Lock()

    def handler(self, service: str, methods: Iterable[Method]) -> grpc.GenericRpcHandler:
        """Return what a gRPC server registers for a service.

        Methods are declared as taking a stream, of which they read one message: the same on
        the wire, but a request whose body is empty or cut off reaches them, where a unary
        handler would never be called and the client would wait for good.
        """
        handlers = {method.name: self._method_handler(method) for method in methods}
        return grpc.method_handlers_generic_handler(service, handlers)

    def _method_handler(self, method: Method) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def carry_out(_requests: object, context: _Context) -> bytes:
            return await self._carry_out(method, context)

        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(
            cast(Any, carry_out)
        )
        return handler

    async def _carry_out(self, method: Method, context: _Context) -> bytes:
        """Answer one call; failures end it with a rich status."""
        call = Call(method.name, os.urandom(16).hex())
        code = grpc.StatusCode.CANCELLED  # unless it comes to more
        try:
            for watcher in self._arrival_watchers:
                watcher.arrived(call, context)
            if self._gate is not None:
                self._gate.admit(call, context)
            answer = await self._answer(method, call, context)
            code = grpc.StatusCode.OK
            return answer
        except errors.CallError as refused:
            call.refusal = refused.reason
            status = refused.status()
            try:
                return await context.abort(
                    status.code, status.details, tuple(status.trailing_metadata)
                )
            except aio.AbortError:
                code = refused.code  # it was sent; otherwise nobody was there any more
                raise
        finally:
            for end_watcher in self._watchers:
                end_watcher.ended(call, code)

    async def _answer(self, method: Method, call: Call, context: _Context) -> bytes:
        """Answer one call once it has a place and its turn has come."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._admission.enter(task)
        try:
            message = await self._receive(method, task, context)
            async with self._turn:
                call.turn = time.perf_counter()
                answer = method.respond(message, context.time_remaining(), call)
                busy = time.perf_counter() - call.turn
                if busy > _QUICK_SECONDS:
                    await self._let_others_in(busy)
            return answer
        finally:
            self._admission.leave(task)

    async def _receive(
        self, method: Method, call: asyncio.Task[object], context: _Context
    ) -> bytes:
        try:
            message = await context.read()
        except asyncio.CancelledError:
            if self._admission.holds(call):
                raise  # by the client, or by the server as it stops
            raise self._admission.refusal() from None
        self._admission.arrived(call)
        if message is cast(Any, aio.EOF):
            raise method.malformed("its body is empty or cut off")
        return message

    async def _let_others_in(self, busy_seconds: float) -> None:
        """Let calls in that queued while the loop was busy, so that they are counted.

        gRPC hands over one call at a time, a few turns of the loop after the last. With an
        evaluation in between, a crowd would wait inside gRPC, where nobody counts it, and
        the limit on calls in flight would never be reached. So if a call came during the
        evaluation, the loop goes on turning until no more do, or for as long again.
        """
        arrivals = self._admission.arrivals
        for _ in range(_TURNS_TO_ENTER):
            await asyncio.sleep(0)
        now = time.perf_counter()
        end = now + busy_seconds
        came = arrivals != self._admission.arrivals
        quiet_at = now + busy_seconds * _LONGEST_GAP if came else now
        while now < min(quiet_at, end):
            arrivals = self._admission.arrivals
            await asyncio.sleep(0)
            now = time.perf_counter()
            if arrivals != self._admission.arrivals:
                quiet_at = now + busy_seconds * _LONGEST_GAP
