"""One call as the server sees it, and who takes part in it besides the method asked for."""

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc

NOBODY = ""
"""The caller of a call whose server asks nobody who they are."""


@dataclass(slots=True)
class Call:
    """A call from its arrival to its end.

    Attributes:
        method: Name of the method in the contract, such as `Recommend`.
        id: 32 hexadecimal digits, different for every call; the answer's `decision_id`.
        caller: Name of who calls, by certificate or token; NOBODY if nobody is asked.
        began: When it arrived, by `time.perf_counter()`. Unit: seconds.
        turn: When work on its message began, likewise; 0.0 before that.
        refusal: The reason in ErrorInfo if it was refused, such as OVERLOADED.
    """

    method: str
    id: str
    caller: str = NOBODY
    began: float = field(default_factory=time.perf_counter)
    turn: float = 0.0
    refusal: str = ""


class Gate(Protocol):
    """Decides who may call."""

    def admit(self, call: Call, context: Any) -> None:
        """Set `call.caller`, from the call's certificate or metadata.

        Raises:
            CallError: The caller is unknown, not allowed or calls too often.
        """


class ArrivalWatcher(Protocol):
    """Is told of every call that arrives."""

    def arrived(self, call: Call, context: Any) -> None:
        """Note a call, before anybody has judged it; it must not raise and not wait."""


class CallWatcher(Protocol):
    """Is told of every call that ended."""

    def ended(self, call: Call, code: grpc.StatusCode) -> None:
        """Note how a call ended; it must not raise and not wait."""
