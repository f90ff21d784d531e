"""Turns a failed gRPC call into one of the errors of this package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast

import grpc
from google.protobuf.message import DecodeError

from rolefit.client.errors import (
    DeadlineExceeded,
    InvalidProfile,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    RateExceeded,
    RolefitError,
    RulesetNotHeld,
    ServerUnavailable,
    Unauthenticated,
    Violation,
)
from rolefit.v1 import errors_pb2

RECOMMENDATION = "rolefit.v1.RecommendationService"
CATALOGUE = "rolefit.v1.CatalogueService"

_DETAILS_TRAILER = "grpc-status-details-bin"
_DOMAIN = "rolefit.v1"
# What requests call the profiles in them.
_PROFILES = ("profile", "a", "b")
_NOT_FOUND = {"NOT_FOUND": NotFound, "RULESET_NOT_HELD": RulesetNotHeld}


class _FailedCall(Protocol):
    """What the sync and the aio errors have in common; grpc has no name for it."""

    def code(self) -> grpc.StatusCode: ...

    def details(self) -> str | None: ...

    def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...


@dataclass(slots=True)
class _Details:
    """What the server attached to its status."""

    given: bool = False
    reason: str | None = None
    violations: tuple[Violation, ...] = ()
    retry_after: float | None = None


def error_from(
    failed: grpc.RpcError, *, service: str, target: str, encrypted: bool, timeout: float
) -> RolefitError:
    """Say in this package's terms why a call failed.

    Args:
        failed: The error that the sync or the aio stub raised.
        service: The service called, for the message.
        target: The address called, for the message.
        encrypted: Whether the connection was to be TLS, for the message.
        timeout: The deadline the call had, in seconds, for the message.

    """
    call = cast(_FailedCall, failed)
    code = call.code()
    words = call.details() or ""
    details = _read_details(call.trailing_metadata() or ())
    reason = details.reason
    if details.violations:
        invalid = InvalidProfile if _are_of_a_profile(details.violations) else InvalidRequest
        return invalid(details.violations, code=code, reason=reason)
    if code is grpc.StatusCode.NOT_FOUND and reason in _NOT_FOUND:
        message = f"{words[:1].upper()}{words[1:]}"
        return _NOT_FOUND[reason](message, code=code, reason=reason)
    if code is grpc.StatusCode.UNAVAILABLE:
        message = _unavailable(target, words, details, encrypted)
        return ServerUnavailable(message, code=code, reason=reason)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"No answer from {target} within {timeout:g} s."
        return DeadlineExceeded(message, code=code, reason=reason)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and not _is_about_size(words):
        return _exhausted(target, code, details)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        message = f"{target} does not know who calls: {words or 'it gave no reason'}"
        return Unauthenticated(message, code=code, reason=reason)
    if code is grpc.StatusCode.PERMISSION_DENIED:
        message = f"{target} does not let this caller in: {words or 'it gave no reason'}"
        return PermissionDenied(message, code=code, reason=reason)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        message = f"{target} does not offer {service}: it is an older rolefit server or none."
        return RolefitError(message, code=code, reason=reason)
    message = f"The call to {target} failed with {code.name}"
    return RolefitError(
        f"{message}: {words}" if words else f"{message}.", code=code, reason=reason
    )


def _unavailable(target: str, words: str, details: _Details, encrypted: bool) -> str:
    if details.given:  # only a server attaches details, so one does answer
        return (
            f"The rolefit server at {target} is not available: {words or 'it gave no reason'}"
        )
    # A handshake that fails on one side only looks to the other as if nobody were there.
    message = (
        f"No rolefit server answers at {target} over TLS. Check the address, that the server "
        "takes TLS, and whether each side trusts the other's certificate."
        if encrypted
        else f"No rolefit server answers at {target}. "
        "Start one with `make serve`, check the address, or use TLS if the server does."
    )
    # A refused connection is what the sentence says already. Anything else (a name that
    # does not resolve, a failed TLS handshake) is what the reader has to know.
    if not words or "connection refused" in words.lower():
        return message
    return f"{message} (gRPC says: {words})"


def _exhausted(target: str, code: grpc.StatusCode, details: _Details) -> Overloaded:
    kind, why = Overloaded, "has too many calls in flight"
    if details.reason == "RATE_EXCEEDED":
        kind, why = RateExceeded, "gets too many calls from this caller"
    retry_after = details.retry_after
    when = "later" if retry_after is None else f"in {retry_after:g} s"
    message = f"The rolefit server at {target} {why}. Try again {when}."
    return kind(message, retry_after=retry_after, code=code, reason=details.reason)


def _are_of_a_profile(violations: Iterable[Violation]) -> bool:
    roots = (re.split(r"[.\[]", each.field)[0] for each in violations)
    return any(root in _PROFILES for root in roots)


def _is_about_size(words: str) -> bool:
    """Tell a message over the size limit from overload: both are RESOURCE_EXHAUSTED.

    gRPC itself refuses such a message, so there are no details to tell them apart by.
    """
    return "larger than max" in words


def _read_details(trailers: Iterable[tuple[str, str | bytes]]) -> _Details:
    details = _Details()
    for key, value in trailers:
        if key == _DETAILS_TRAILER and isinstance(value, bytes):
            # Details add to an error that stands without them, so a broken one is skipped:
            # the caller gets the status, not a fault of the decoder.
            try:
                status = errors_pb2.ErrorStatus.FromString(value)
                details.given = True
                for detail in status.details:
                    _read_detail(details, detail.type_url.rpartition("/")[2], detail.value)
            except DecodeError:
                continue
    return details


def _read_detail(details: _Details, type_name: str, value: bytes) -> None:
    if type_name == "google.rpc.BadRequest":
        fields = errors_pb2.InvalidFields.FromString(value).field_violations
        details.violations = tuple(Violation(bad.field, bad.description) for bad in fields)
    elif type_name == "google.rpc.ErrorInfo":
        cause = errors_pb2.ErrorCause.FromString(value)
        # Proxies on the way add reasons of their own under other domains.
        if cause.domain == _DOMAIN:
            details.reason = cause.reason
    elif type_name == "google.rpc.RetryInfo":
        delay = errors_pb2.RetryDelay.FromString(value).retry_delay
        details.retry_after = delay.seconds + delay.nanos / 1e9
