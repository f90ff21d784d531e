"""What can be done to a running server, by signals and by the admin service.

Free of grpc: in a server with several workers, the admin service has a process of its own
and asks the supervisor, which has none, over a pipe.
"""

from __future__ import annotations

import enum
from typing import Any, Protocol

from rolefit.server.rules_check import RulesRefusedError
from rolefit.server.rules_lifecycle import RulesLifecycle, RulesNotHeldError


class Command(str, enum.Enum):
    """Something to be done. Each returns the state of the server after it."""

    STATUS = "status"
    RELOAD = "reload"
    ROLL_BACK = "roll back"
    RESTART = "restart"


class ControlError(Exception):
    """A command could not be carried out; `str()` says why.

    Attributes:
        reason: An ErrorReason of the contract without its prefix.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RestartError(Exception):
    """The workers cannot be restarted one after another; `str()` says why."""


class Workers(Protocol):
    """The worker processes."""

    def listed(self) -> list[dict[str, Any]]:
        """Return `pid` and `serving_since`, in seconds since 1970, of each that serves."""

    async def restart(self) -> None:
        """Replace them one after another.

        Raises:
            RestartError: That is not possible, or one did not start.
        """


class Control:
    """Carries commands out."""

    def __init__(self, rules: RulesLifecycle, workers: Workers) -> None:
        self._rules = rules
        self._workers = workers

    async def carry_out(self, command: str, digest: str = "") -> dict[str, Any]:
        """Carry a command out; return the state of the server after it, for JSON.

        Args:
            command: A value of Command.
            digest: What to roll back to; empty for the rules before.

        Raises:
            ControlError: It could not be carried out.
        """
        changed = False
        try:
            if command == Command.RELOAD:
                changed = await self._rules.reload()
            elif command == Command.ROLL_BACK:
                await self._rules.roll_back(digest)
            elif command == Command.RESTART:
                await self._workers.restart()
        except RulesRefusedError as error:
            raise ControlError("RULES_REFUSED", str(error)) from None
        except RulesNotHeldError as error:
            raise ControlError("RULESET_NOT_HELD", str(error)) from None
        except RestartError as error:
            raise ControlError("CANNOT_RESTART", str(error)) from None
        return {
            "changed": changed,
            "rules": self._rules.status.to_json(),
            "workers": self._workers.listed(),
        }
