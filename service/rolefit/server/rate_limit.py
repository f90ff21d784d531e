"""How often one caller may call."""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CALLERS = 10_000
"""Callers remembered at once, so that memory is bounded however many there are."""


class RateLimit:
    """A token bucket for each caller, kept as the one time at which it will be full.

    When there are too many callers, the one that has not called for longest is forgotten.
    A bucket left alone for `burst / per_second` seconds is full, and forgetting it changes
    nothing; a fuller crowd than `most` within that time is to the good of the callers.

    Args:
        per_second: Calls a second in the long run, more than 0.
        burst: Calls at once after a pause, at least 1.
        clock: Returns seconds; it never goes back.
        most: Callers remembered at once.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_CALLERS,
    ) -> None:
        self._interval = 1.0 / per_second
        self._slack = (burst - 1) * self._interval
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, caller: str) -> float:
        """Take a token from the bucket of `caller`, if there is one.

        Returns:
            0 if there was; otherwise the seconds until there is one.
        """
        now = self._clock()
        full_at = max(self._full_at.get(caller, now), now)
        wait = full_at - self._slack - now
        if wait > 0:
            self._full_at.move_to_end(caller)
            return wait
        self._full_at[caller] = full_at + self._interval
        self._full_at.move_to_end(caller)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return 0.0
