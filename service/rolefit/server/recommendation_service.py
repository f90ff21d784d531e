"""RecommendationService: from the bytes of a request to the bytes of an answer."""

import asyncio
import os
import time
from typing import Any, cast

import grpc
from google.protobuf.message import DecodeError
from grpc import aio

from rolefit.engine import Engine
from rolefit.server import errors, log
from rolefit.server.admission import Admission
from rolefit.server.validation import violations
from rolefit.v1 import recommendation_pb2, recommendation_service_pb2
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

SERVICE = recommendation_service_pb2.DESCRIPTOR.services_by_name[
    "RecommendationService"
].full_name

# How long to look for one more call in the queue, as a share of the last evaluation: enough
# for gRPC to hand it over where evaluations take milliseconds; next to nothing where they
# are quick, since a crowd is then soon served anyway.
_LONGEST_GAP = 0.1
# From gRPC's noticing a call to the first line of its handler.
_TURNS_TO_ENTER = 4

_Context = aio.ServicerContext[bytes, bytes]


def parse(message: bytes) -> RecommendRequest:
    """Parse a request.

    Raises:
        CallError: The bytes are no RecommendRequest.
    """
    try:
        return RecommendRequest.FromString(message)
    except DecodeError:
        # The parser's own text names positions in C++ sources, not in the message.
        raise errors.malformed("it does not parse") from None


def validate(request: RecommendRequest) -> None:
    """Check every field.

    Raises:
        CallError: Some field is bad; all of them are named.
    """
    bad = violations(request)
    if bad:
        raise errors.invalid_fields(bad)


def check_deadline(seconds_left: float | None) -> None:
    """Refuse work that nobody waits for.

    Raises:
        CallError: No time is left. None means that the caller set no deadline.
    """
    if seconds_left is not None and seconds_left <= 0:
        raise errors.deadline_passed()


class RecommendationService:
    """The service, over an engine that it does not own.

    Args:
        engine: Decides.
        admission: Limits the calls held at once.
    """

    def __init__(self, engine: Engine, admission: Admission) -> None:
        self._engine = engine
        self._admission = admission
        # Who evaluates; the others wait in order of arrival.
        self._turn = asyncio.Lock()
        self._ruleset = recommendation_pb2.Ruleset(
            name=engine.ruleset.name,
            version=engine.ruleset.version,
            digest=engine.ruleset.digest,
        )

    def handler(self) -> grpc.GenericRpcHandler:
        """Return what a gRPC server registers.

        It is declared as taking a stream, of which it reads one message: the same on the
        wire, but a request whose body is empty or cut off reaches `recommend`, where a unary
        handler would never be called and the client would wait for good.
        """
        recommend: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(
            cast(Any, self.recommend)
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Recommend": recommend})

    async def recommend(self, _requests: object, context: _Context) -> bytes:
        """Answer one call; failures end it with a rich status."""
        call = cast("asyncio.Task[object]", asyncio.current_task())
        try:
            self._admission.enter(call)
            try:
                message = await self._receive(call, context)
                async with self._turn:
                    began = time.perf_counter()
                    answer = self.respond(message, context.time_remaining())
                    await self._let_others_in(time.perf_counter() - began)
                return answer
            finally:
                self._admission.leave(call)
        except errors.CallError as refused:
            status = refused.status()
            return await context.abort(
                status.code, status.details, tuple(status.trailing_metadata)
            )

    def respond(self, message: bytes, seconds_left: float | None) -> bytes:
        """Turn the bytes of a request into the bytes of its answer.

        Args:
            message: A serialised RecommendRequest.
            seconds_left: Until the caller's deadline; None if there is none.

        Raises:
            CallError: There is no answer. If the fault is ours, its cause is logged.
        """
        decision_id = os.urandom(16).hex()
        try:
            check_deadline(seconds_left)
            request = parse(message)
            validate(request)
            return self.decide(request, decision_id).SerializeToString(deterministic=True)
        except errors.CallError:
            raise
        except Exception:
            log.logger().exception("call failed", decision_id=decision_id)
            raise errors.internal(decision_id) from None

    def decide(self, request: RecommendRequest, decision_id: str) -> RecommendResponse:
        """Ask the engine about a valid request."""
        view = request.view or recommendation_service_pb2.VIEW_STANDARD
        return RecommendResponse(
            recommendation=self._engine.recommend(request.profile, view),
            ruleset=self._ruleset,
            decision_id=decision_id,
        )

    async def _receive(self, call: asyncio.Task[object], context: _Context) -> bytes:
        try:
            message = await context.read()
        except asyncio.CancelledError:
            if self._admission.holds(call):
                raise  # by the client, or by the server as it stops
            raise self._admission.refusal() from None
        self._admission.arrived(call)
        if message is cast(Any, aio.EOF):
            raise errors.malformed("its body is empty or cut off")
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
