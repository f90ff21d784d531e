"""One log line for each call that ended, if configured."""

import time

import grpc

from rolefit.server import log
from rolefit.server.call import Call


class AccessLog:
    """A watcher of calls."""

    def __init__(self) -> None:
        self._log = log.logger()

    def ended(self, call: Call, code: grpc.StatusCode) -> None:
        """Write the line; nothing of the request goes into it."""
        refusal = {"reason": call.refusal} if call.refusal else {}
        self._log.info(
            "call",
            method=call.method,
            code=code.name,
            **refusal,
            caller=call.caller,
            seconds=round(time.perf_counter() - call.began, 6),
            decision_id=call.id,
        )
