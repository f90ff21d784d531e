"""Log lines about callers that were turned away: few, however many there are."""

import time
from collections.abc import Callable

from rolefit.server import log

_QUIET_SECONDS = 10.0


class RefusalLog:
    """Logs each cause at most every ten seconds, with how many there were since.

    Args:
        clock: Returns seconds; it never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._logged_at: dict[str, float] = {}

    def note(self, cause: str, peer: str) -> None:
        """Note a refusal.

        Args:
            cause: One of a few, with nothing in it that callers choose.
            peer: The address it came from.
        """
        self._counts[cause] = self._counts.get(cause, 0) + 1
        now = self._clock()
        if now - self._logged_at.get(cause, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return
        self._logged_at[cause] = now
        log.logger().warning(
            "callers refused", cause=cause, count=self._counts.pop(cause), last_peer=peer
        )
