"""What can go wrong with a call, as one family of exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field of a request."""

    field: str
    """Path of the field from the request, such as ``profile.skills.model_depth``."""
    description: str
    """What is wrong with it and what would be valid."""

    def __str__(self) -> str:
        return f"{self.field}: {self.description}"


class RolefitError(Exception):
    """A call that brought no answer. Every error of this package is one.

    The subclasses are the failures a program can react to. Anything else, for instance a
    fault of the server, is raised as this class itself.

    Attributes:
        message: The error in words; the same as ``str(error)``.
        code: The gRPC status of the call, or None if no call was made.
        reason: The server's own name for the cause, such as ``"OVERLOADED"`` (an
            ``ErrorReason`` of the contract without its prefix), or None if it gave none.

    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return self.message


class InvalidRequest(RolefitError):  # noqa: N818
    """The request has fields that are not valid.

    Attributes:
        violations: Every bad field; ``str(error)`` lists them, one per line.

    """

    def __init__(
        self,
        violations: Sequence[Violation],
        *,
        code: grpc.StatusCode | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__("\n".join(map(str, violations)), code=code, reason=reason)
        self.violations = tuple(violations)
        # Pickle and copy rebuild an exception from `args`, and this class takes no message.
        self.args = (self.violations,)


class InvalidProfile(InvalidRequest):
    """The profile has fields that are not valid. Nothing was evaluated.

    Raised before any call if the profile cannot be read (``code`` is then None), and after
    one if the server refuses a value, such as a rating of 9.
    """


class NotFound(RolefitError):  # noqa: N818
    """The rule set has nothing of that name. The message suggests the nearest."""


class RulesetNotHeld(NotFound):
    """The server does not hold the rule set that was named. The message lists those held."""


class ServerUnavailable(RolefitError):  # noqa: N818
    """No server answers at the address, also after the retries."""


class DeadlineExceeded(RolefitError):  # noqa: N818
    """No answer came within the timeout."""


class Unauthenticated(RolefitError):  # noqa: N818
    """The server wants to know who calls: the bearer token is missing or not valid."""


class PermissionDenied(RolefitError):  # noqa: N818
    """The server knows who calls, and that caller may not."""


class Overloaded(RolefitError):  # noqa: N818
    """The server has too many calls in flight and refused this one.

    Attributes:
        retry_after: How long the server asks to wait before the next try, in seconds, or
            None if it does not say.

    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: grpc.StatusCode | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message, code=code, reason=reason)
        self.retry_after = retry_after


class RateExceeded(Overloaded):
    """This caller calls too often; `retry_after` says when the next call may come."""
