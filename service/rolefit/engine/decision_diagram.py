"""Reduced ordered decision diagrams over variables with a few values each.

A diagram is a function from an assignment of every variable to a small number. Equal
functions are the same node, so a question about all assignments at once, of which there
may be billions, takes time in the number of nodes, of which there are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

# A node, or a leaf: leaf(number) is negative.
Ref = int
Assignment = Sequence[int]


def leaf(number: int) -> Ref:
    """The constant function; `number` is 0 or larger."""
    return -1 - number


NO = leaf(0)
YES = leaf(1)


class DiagramSizeError(Exception):
    """A function needs more nodes than allowed."""


class Diagrams:
    """Diagrams over the same variables.

    Args:
        sizes: The number of values of each variable, from the one tested first.
        max_nodes: Most nodes of all diagrams together.
    """

    def __init__(self, sizes: Sequence[int], max_nodes: int):
        self.sizes = tuple(sizes)
        self._max_nodes = max_nodes
        # By reference: the variable tested and the children by its value.
        self.levels: list[int] = []
        self.children: list[tuple[Ref, ...]] = []
        self._known: dict[tuple[int, tuple[Ref, ...]], Ref] = {}
        self._chosen: dict[tuple[Ref, Ref, Ref], Ref] = {}
        self._below: dict[Ref, tuple[Ref, ...]] = {}

    def node(self, level: int, children: tuple[Ref, ...]) -> Ref:
        """The function that tests a variable and goes on with the child for its value.

        Raises:
            DiagramSizeError: There are too many nodes.
        """
        if len(set(children)) == 1:
            return children[0]
        key = (level, children)
        ref = self._known.get(key)
        if ref is None:
            if len(self.levels) >= self._max_nodes:
                raise DiagramSizeError(f"more than {self._max_nodes} nodes")
            ref = self._known[key] = len(self.levels)
            self.levels.append(level)
            self.children.append(children)
        return ref

    def level_of(self, ref: Ref) -> int:
        """The variable that a function tests first; for a leaf the number of variables."""
        return self.levels[ref] if ref >= 0 else len(self.sizes)

    def children_at(self, ref: Ref, level: int) -> tuple[Ref, ...]:
        """Where the values of a variable lead, for a function that tests none before it."""
        if self.level_of(ref) == level:
            return self.children[ref]
        return (ref,) * self.sizes[level]

    def choose(self, condition: Ref, then: Ref, otherwise: Ref) -> Ref:
        """`then` where the condition is YES, `otherwise` where it is NO.

        Raises:
            DiagramSizeError: There are too many nodes.
        """
        if condition == YES or then == otherwise:
            return then
        if condition == NO:
            return otherwise
        key = (condition, then, otherwise)
        ref = self._chosen.get(key)
        if ref is None:
            level = min(self.level_of(each) for each in key)
            parts = zip(*(self.children_at(each, level) for each in key), strict=True)
            ref = self.node(level, tuple(self.choose(*part) for part in parts))
            self._chosen[key] = ref
        return ref

    def both(self, a: Ref, b: Ref) -> Ref:
        """YES where both are."""
        return self.choose(a, b, NO)

    def either(self, a: Ref, b: Ref) -> Ref:
        """YES where one of them is."""
        return self.choose(a, YES, b)

    def opposite(self, a: Ref) -> Ref:
        """YES where the other is NO."""
        return self.choose(a, NO, YES)

    def combine(self, operation: Callable[[int, int], int], a: Ref, b: Ref) -> Ref:
        """The numbers of two functions combined, assignment by assignment.

        Raises:
            DiagramSizeError: There are too many nodes.
        """
        done: dict[tuple[Ref, Ref], Ref] = {}

        def go(a: Ref, b: Ref) -> Ref:
            if a < 0 and b < 0:
                return leaf(operation(-1 - a, -1 - b))
            ref = done.get((a, b))
            if ref is None:
                level = min(self.level_of(a), self.level_of(b))
                parts = zip(self.children_at(a, level), self.children_at(b, level), strict=True)
                ref = done[a, b] = self.node(level, tuple(go(*part) for part in parts))
            return ref

        return go(a, b)

    def convert(self, operation: Callable[[int], int], ref: Ref) -> Ref:
        """The function with its numbers replaced."""
        return self.combine(lambda number, _: operation(number), ref, NO)

    def fix(self, ref: Ref, level: int, value: int) -> Ref:
        """The function with a variable held at a value."""
        done: dict[Ref, Ref] = {}

        def go(ref: Ref) -> Ref:
            if self.level_of(ref) > level:
                return ref
            if ref not in done:
                children = self.children[ref]
                done[ref] = (
                    children[value]
                    if self.levels[ref] == level
                    else self.node(self.levels[ref], tuple(go(child) for child in children))
                )
            return done[ref]

        return go(ref)

    def below(self, ref: Ref) -> tuple[Ref, ...]:
        """A function's nodes and leaves, each behind all that it leads to."""
        if ref not in self._below:
            found: dict[Ref, None] = {}
            pending = [ref]
            while pending:
                each = pending.pop()
                if each not in found:
                    found[each] = None
                    pending.extend(self.children[each] if each >= 0 else ())
            self._below[ref] = tuple(sorted(found, key=self.level_of, reverse=True))
        return self._below[ref]

    def inner(self, ref: Ref) -> set[Ref]:
        """A function's nodes, in no order."""
        seen: set[Ref] = set()
        pending = [ref]
        while pending:
            each = pending.pop()
            if each >= 0 and each not in seen:
                seen.add(each)
                pending += self.children[each]
        return seen

    def tested(self, ref: Ref) -> set[int]:
        """The variables that a function tests."""
        return {self.levels[each] for each in self.inner(ref)}

    def value(self, ref: Ref, assignment: Assignment) -> int:
        """The number for one assignment."""
        while ref >= 0:
            ref = self.children[ref][assignment[self.levels[ref]]]
        return -1 - ref
