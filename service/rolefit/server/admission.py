"""How many calls a worker holds at once."""

import asyncio
from collections.abc import Callable

from rolefit.server import errors

_TICK_SECONDS = 0.1


class LoopClock:
    """A clock that stands still while the event loop is busy.

    By wall time, a call queued behind long evaluations looks like one whose client has
    stopped sending. This clock moves one tick per turn of the loop at most, and every turn
    delivers the messages that have arrived: who still waits after several ticks waits for
    its client.
    """

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        """Return seconds since the start, busy times left out."""
        return self._seconds

    async def run(self) -> None:
        """Keep the clock going, until cancelled."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._seconds += _TICK_SECONDS


class Admission:
    """Hands out places to calls, and takes them back from calls that stall.

    A call holds its place until it is answered. While it waits for its own message its
    client may have sent half a request and stopped; that costs nothing but the place, and
    must not keep others out: once all places are taken, the call that has waited longest
    goes if it has waited too long.

    Args:
        limit: Places.
        stall_seconds: How long a call may wait for its message once places are short.
        clock: Returns seconds; see `LoopClock`.

    Attributes:
        arrivals: Calls that asked for a place so far.
    """

    def __init__(self, limit: int, stall_seconds: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._stall_seconds = stall_seconds
        self._clock = clock
        # Waiting for their message, since when; insertion order is order of age.
        self._waiting: dict[asyncio.Task[object], float] = {}
        self._ready: set[asyncio.Task[object]] = set()
        self.arrivals = 0

    @property
    def in_flight(self) -> int:
        """How many calls hold a place."""
        return len(self._waiting) + len(self._ready)

    def enter(self, call: asyncio.Task[object]) -> None:
        """Give `call`, whose message has yet to arrive, a place.

        Raises:
            CallError: There is none.
        """
        self.arrivals += 1
        if self.in_flight >= self._limit and not self._evict_stalled():
            raise self.refusal()
        self._waiting[call] = self._clock()

    def arrived(self, call: asyncio.Task[object]) -> None:
        """Note that the message of `call` is here: it cannot be evicted any more."""
        del self._waiting[call]
        self._ready.add(call)

    def holds(self, call: asyncio.Task[object]) -> bool:
        """Say whether `call` has a place; one that was evicted has none."""
        return call in self._waiting or call in self._ready

    def leave(self, call: asyncio.Task[object]) -> None:
        """Free the place of `call`, if it has one."""
        self._waiting.pop(call, None)
        self._ready.discard(call)

    def refusal(self) -> errors.CallError:
        """Return what a call without a place is answered."""
        return errors.overloaded(self._limit)

    def _evict_stalled(self) -> bool:
        for oldest, since in self._waiting.items():
            if self._clock() - since < self._stall_seconds:
                return False
            del self._waiting[oldest]
            oldest.cancel()
            return True
        return False
