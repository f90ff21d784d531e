"""Failures as rich statuses: google.rpc.Status with BadRequest, ErrorInfo and RetryInfo."""

import math
from collections.abc import Sequence
from typing import cast

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]

from rolefit.server.validation import Violation
from rolefit.v1 import errors_pb2
from rolefit.v1.errors_pb2 import ErrorReason

DOMAIN = "rolefit.v1"
RETRY_AFTER_MS = 250
"""When an overloaded worker suggests to try again. Unit: milliseconds."""

# The details travel in a header, in base64, together with the message. Java's client refuses
# more than 8 KiB of headers, so the details stop well short of that.
_MOST_DETAIL_BYTES = 4_800
_MOST_MESSAGE_LENGTH = 1_500


class CallError(Exception):
    """A call that ends with a status other than OK.

    Attributes:
        code: The status code.
        message: The error for people; one line.
        details: What goes into google.rpc.Status beside it.
    """

    def __init__(self, code: grpc.StatusCode, message: str, details: Sequence[Message]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = tuple(details)

    @property
    def reason(self) -> str:
        """The reason in its ErrorInfo, such as OVERLOADED; empty if it has none."""
        for detail in self.details:
            if isinstance(detail, error_details_pb2.ErrorInfo):
                return cast(str, detail.reason)
        return ""

    def status(self) -> grpc.Status:
        """Return the status with its details as trailing metadata."""
        rich = status_pb2.Status(code=self.code.value[0], message=self.message)
        for detail in self.details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            rich.details.append(packed)
        return cast(grpc.Status, rpc_status.to_status(rich))


def malformed(expected: str, why: str) -> CallError:
    """Build the error for bytes that are no message of the type `expected`."""
    return CallError(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"the message is not a {expected}: {why}",
        [_info(errors_pb2.ERROR_REASON_MALFORMED_MESSAGE)],
    )


def invalid_fields(bad: Sequence[Violation]) -> CallError:
    """Build the error for bad fields, of which there is at least one."""
    request = error_details_pb2.BadRequest()
    size = 0
    for field, description in bad:
        size += len(field) + len(description.encode()) + 8
        if size > _MOST_DETAIL_BYTES:
            break
        request.field_violations.add(field=field, description=description)
    more = "" if len(bad) == 1 else f" (and {len(bad) - 1} more)"
    return CallError(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"{bad[0].field} {bad[0].description}{more}",
        [request, _info(errors_pb2.ERROR_REASON_INVALID_FIELD)],
    )


def not_found(message: str) -> CallError:
    """Build the error for a name that the rule set does not have."""
    return CallError(
        grpc.StatusCode.NOT_FOUND, message, [_info(errors_pb2.ERROR_REASON_NOT_FOUND)]
    )


def ruleset_not_held(digest: str, held: Sequence[str]) -> CallError:
    """Build the error for a rule set that is named and not held."""
    held = ", ".join(held)
    return CallError(
        grpc.StatusCode.NOT_FOUND,
        f"the rule set {digest} is not held; held are {held}",
        [_info(errors_pb2.ERROR_REASON_RULESET_NOT_HELD, held=held)],
    )


def refused_by_server(code: grpc.StatusCode, message: str, reason: str) -> CallError:
    """Build the error for a command that the server did not carry out.

    The message can list many problems; the status travels in headers, so it is cut.
    """
    value = ErrorReason.Value(f"ERROR_REASON_{reason}")
    return CallError(code, message[:_MOST_MESSAGE_LENGTH], [_info(value)])


def overloaded(limit: int) -> CallError:
    """Build the error for too many calls in flight."""
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(RETRY_AFTER_MS)
    return CallError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        f"{limit} calls are in flight; try again in {RETRY_AFTER_MS} ms",
        [retry, _info(errors_pb2.ERROR_REASON_OVERLOADED)],
    )


def credential_missing() -> CallError:
    """Build the error for a call that does not say whose it is."""
    return CallError(
        grpc.StatusCode.UNAUTHENTICATED,
        "this server needs a bearer token: authorization: Bearer TOKEN",
        [_info(errors_pb2.ERROR_REASON_CREDENTIAL_MISSING)],
    )


def credential_rejected() -> CallError:
    """Build the error for a credential that is no good, whatever is wrong with it."""
    return CallError(
        grpc.StatusCode.UNAUTHENTICATED,
        "the bearer token is not valid here",
        [_info(errors_pb2.ERROR_REASON_CREDENTIAL_REJECTED)],
    )


def caller_not_allowed() -> CallError:
    """Build the error for a known caller who may not call."""
    return CallError(
        grpc.StatusCode.PERMISSION_DENIED,
        "the name in the client certificate may not call this server",
        [_info(errors_pb2.ERROR_REASON_CALLER_NOT_ALLOWED)],
    )


def rate_exceeded(wait_seconds: float) -> CallError:
    """Build the error for a caller that calls too often and may again after that time."""
    milliseconds = math.ceil(wait_seconds * 1000)
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(milliseconds)
    return CallError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        f"too many calls from this caller; the next may come in {milliseconds} ms",
        [retry, _info(errors_pb2.ERROR_REASON_RATE_EXCEEDED)],
    )


def deadline_passed() -> CallError:
    """Build the error for a deadline that passed before the work began."""
    return CallError(
        grpc.StatusCode.DEADLINE_EXCEEDED,
        "the deadline passed before the work began",
        [_info(errors_pb2.ERROR_REASON_DEADLINE_PASSED)],
    )


def internal(decision_id: str) -> CallError:
    """Build the error for a fault of ours; it tells nothing but where to look."""
    return CallError(
        grpc.StatusCode.INTERNAL,
        f"the server failed; its log has the cause under decision_id {decision_id}",
        [_info(errors_pb2.ERROR_REASON_INTERNAL, decision_id=decision_id)],
    )


def _info(reason: ErrorReason.ValueType, **metadata: str) -> error_details_pb2.ErrorInfo:
    name = ErrorReason.Name(reason).removeprefix("ERROR_REASON_")
    return error_details_pb2.ErrorInfo(reason=name, domain=DOMAIN, metadata=metadata)
