"""What was worked out once and may be asked for again.

Lookups of the hot path go to `known`, a plain dict, without a call in between. When that holds
a third of what fits, its entries become the older ones, from where those still asked for come
back. What is left there the next time is gone, and cleaned up one entry with each that is
added. So lookups cost nothing more, the size is bounded without a pause to clean up, and what
is used all the time stays.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class MemoryStatistics:
    """How a memory does.

    Attributes:
        name: What it remembers.
        lookups: Times it was asked.
        misses: Times it did not know.
        size: Entries it holds.
        capacity: Most entries it holds.
    """

    name: str
    lookups: int
    misses: int
    size: int
    capacity: int

    @property
    def hits(self) -> int:
        """Times it knew."""
        return self.lookups - self.misses


class Memory(Generic[K, V]):
    """Remembers a value by key.

    Args:
        name: What it remembers, for statistics.
        capacity: Most entries; 0 remembers nothing.

    Attributes:
        known: What it holds but for the older entries, for lookups too many to call `get`; for
            reading alone, and not to be kept: it is another dict at times.
        asked: How often somebody looked, as far as those who look count it.
        misses: How often something was added, or would have been.
    """

    __slots__ = ("_gone", "_older", "asked", "capacity", "known", "misses", "name")

    def __init__(self, name: str, capacity: int):
        self.name = name
        self.capacity = capacity
        self.known: dict[K, V] = {}
        self._older: dict[K, V] = {}
        self._gone: dict[K, V] = {}
        self.asked = 0
        self.misses = 0

    def get(self, key: K) -> V | None:
        """What it holds by a key, older entries included; None if it holds nothing."""
        value = self.known.get(key)
        if value is None:
            value = self._older.pop(key, None)
            if value is not None:
                self._keep(key, value)
        return value

    def add(self, key: K, value: V) -> V:
        """Remembers a value, and returns it."""
        self.misses += 1
        if self.capacity:
            self._keep(key, value)
        return value

    def _keep(self, key: K, value: V) -> None:
        if self._gone:
            self._gone.popitem()
        if len(self.known) >= max(1, self.capacity // 3):
            self._gone, self._older = self._older, self.known if self.capacity >= 3 else {}
            self.known = {}
        self.known[key] = value

    def forget(self) -> None:
        """Begins anew."""
        self.known, self._older, self._gone = {}, {}, {}

    def statistics(self, lookups: int | None = None) -> MemoryStatistics:
        """How it did over so many lookups, or those that were counted."""
        asked = self.asked if lookups is None else lookups
        size = len(self.known) + len(self._older) + len(self._gone)
        return MemoryStatistics(self.name, asked, self.misses, size, self.capacity)
