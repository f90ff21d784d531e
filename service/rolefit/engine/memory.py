"""What was worked out once and may be asked for again.

Lookups of the hot path go to `known`, a plain dict, without a call in between; a memory that
is full forgets everything and begins anew, which costs nothing per lookup and keeps its size
bounded.
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
        known: What it holds; for reading alone.
        asked: How often somebody looked, as far as those who look count it.
        misses: How often something was added, or would have been.
    """

    __slots__ = ("asked", "capacity", "known", "misses", "name")

    def __init__(self, name: str, capacity: int):
        self.name = name
        self.capacity = capacity
        self.known: dict[K, V] = {}
        self.asked = 0
        self.misses = 0

    def add(self, key: K, value: V) -> V:
        """Remembers a value, and returns it."""
        self.misses += 1
        if len(self.known) >= self.capacity:
            self.known.clear()
        if self.capacity:
            self.known[key] = value
        return value

    def statistics(self, lookups: int | None = None) -> MemoryStatistics:
        """How it did over so many lookups, or those that were counted."""
        asked = self.asked if lookups is None else lookups
        return MemoryStatistics(self.name, asked, self.misses, len(self.known), self.capacity)


class Pool(Generic[K, V]):
    """Many small memories that share one capacity: full together, all of them begin anew.

    Each is a plain dict that belongs to whoever looks things up in it.

    Args:
        capacity: Most entries of all together; 0 remembers nothing.

    Attributes:
        size: Entries of all together.
    """

    __slots__ = ("_filled", "capacity", "size")

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.size = 0
        self._filled: list[dict[K, V]] = []

    def add(self, known: dict[K, V], key: K, value: V) -> V:
        """Remembers a value in one of the memories, and returns it."""
        if self.size >= self.capacity:
            for each in self._filled:
                each.clear()
            self._filled.clear()
            self.size = 0
        if self.capacity:
            if not known:
                self._filled.append(known)
            self.size += key not in known
            known[key] = value
        return value
