"""What is seen of a profile: for each field one object that stands for its value.

Equal values are the same object as long as they are remembered, so whatever rests on some
fields can be remembered by those objects. A value seen before needs no second look, neither
at what rules can see of it nor at whether the contract allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.facts import Facts, plain
from rolefit.engine.memory import Memory
from rolefit.engine.projection import Projection, Properties
from rolefit.engine.vocabulary import FactValue, is_set_message, short_names
from rolefit.v1.profile_pb2 import CandidateProfile


class Cell:
    """The values of a field that no rule can tell apart; or none, if the field is absent.

    Attributes:
        path: The field.
        properties: What the rules engine sees of it; empty if it is absent.
        place: Its value as a variable of the decision space; ABSENT if it is none.
    """

    __slots__ = ("path", "place", "properties")

    def __init__(self, path: str, properties: Properties, place: int):
        self.path = path
        self.properties = properties
        self.place = place


class Observation:
    """One field of a profile, with one value or absent.

    Attributes:
        path: The field.
        value: Its value; None if it is absent.
        cell: What rules can see of it; the same object for values that look the same.
    """

    __slots__ = ("cell", "path", "value")

    def __init__(self, path: str, value: FactValue | None, cell: Cell):
        self.path = path
        self.value = value
        self.cell = cell


Observations = list[Observation]
# A value as the message holds it: an enum's number, a set's numbers, text, number or flag.
_Raw = Any


class _Lens:
    """Makes the observations of one field.

    Args:
        path: The field.
        descriptor: The field in the contract.
        projection: What rules see.
        space: All profiles as the verdict rules see them, if there are not too many.
        capacity: Most values remembered.
    """

    def __init__(
        self,
        path: str,
        descriptor: FieldDescriptor,
        projection: Projection,
        space: DecisionSpace | None,
        capacity: int,
    ):
        self._path = path
        self._projection = projection
        self._space = space
        enum = descriptor.enum_type
        if descriptor.message_type is not None:
            enum = descriptor.message_type.fields[0].enum_type
        self._names = None if enum is None else short_names(enum)
        self._cells: dict[tuple[object, ...], Cell] = {}
        self.memory: Memory[_Raw, Observation] = Memory(path, capacity)

    def observe(self, raw: _Raw) -> Observation:
        """The observation of a valid value, remembered from then on."""
        return self.memory.get(raw) or self.memory.add(raw, self._observation(self._value(raw)))

    def _value(self, raw: _Raw) -> FactValue | None:
        if self._names is None:
            return None if raw is None else plain(raw)
        if isinstance(raw, frozenset):
            return frozenset(self._names[number] for number in raw if number in self._names)
        return self._names.get(raw)

    def _observation(self, value: FactValue | None) -> Observation:
        facts: Facts = {} if value is None else {self._path: value}
        properties = self._projection.project(facts)
        place = ABSENT
        if value is not None and self._space is not None:
            place = self._space.place(self._path, value)
        # A field that no rule reads has no properties, given or not.
        seen = (value is not None, *properties.items())
        cell = self._cells.setdefault(seen, Cell(self._path, properties, place))
        return Observation(self._path, value, cell)


class Observer:
    """Observes profiles.

    Args:
        projection: What rules see.
        space: All profiles as the verdict rules see them, if there are not too many.
        capacity: Most values of one field that are remembered.

    Attributes:
        paths: The fields, in the order of an observer's observations.
    """

    def __init__(self, projection: Projection, space: DecisionSpace | None, capacity: int):
        fields = list(_leaves(CandidateProfile.DESCRIPTOR))
        self.paths = tuple(path for path, _ in fields)
        self._lenses = [
            _Lens(path, descriptor, projection, space, capacity) for path, descriptor in fields
        ]
        self._read = _reader([None] * len(fields))
        self._recall = _reader([lens.memory for lens in self._lenses])

    def recall(self, profile: CandidateProfile) -> Observations | None:
        """The observations of a profile; None if some value of it was not observed before."""
        try:
            return self._recall(profile)
        except KeyError:
            return None

    def observe(self, profile: CandidateProfile) -> Observations:
        """The observations of a valid profile."""
        raw = self._read(profile)
        return [lens.observe(value) for lens, value in zip(self._lenses, raw, strict=True)]


def facts_of(observations: Iterable[Observation]) -> Facts:
    """The known fields and their values."""
    return {o.path: o.value for o in observations if o.value is not None}


def _leaves(message: Descriptor, prefix: str = "") -> Iterable[tuple[str, FieldDescriptor]]:
    for descriptor in message.fields:
        inner = descriptor.message_type
        if inner is None or is_set_message(inner):
            yield f"{prefix}{descriptor.name}", descriptor
        else:
            yield from _leaves(inner, f"{prefix}{descriptor.name}.")


def _reader(
    memories: Sequence[Memory[_Raw, Observation] | None],
) -> Callable[[CandidateProfile], list[Any]]:
    """A function that lists the values of a profile, or what memories know by them.

    It is generated: over some fifty fields, a loop over descriptors takes several times as
    long. An unset enum reads as 0; for anything else unset, what is read is None.
    """
    lines = ["def read(profile):"]
    items: list[str] = []

    def add(message: Descriptor, name: str) -> None:
        for descriptor in message.fields:
            inner = descriptor.message_type
            if inner is not None and not is_set_message(inner):
                lines.append(f"    {descriptor.name} = {name}.{descriptor.name}")
                add(inner, descriptor.name)
                continue
            value = f"{name}.{descriptor.name}"
            has = f"{name}.HasField('{descriptor.name}')"
            if inner is not None:
                # Neither order nor repetition counts, so what is remembered stays small.
                value = f"frozenset({value}.values) if {has} else None"
            elif descriptor.enum_type is None:
                # What is true is there: only a zero may be one that nobody gave.
                value = f"{value} or ({value} if {has} else None)"
            place = len(items)
            items.append(value if memories[place] is None else f"memory_{place}.known[{value}]")

    add(CandidateProfile.DESCRIPTOR, "profile")
    lines.append(f"    return [{', '.join(items)}]")
    scope: dict[str, Any] = {f"memory_{i}": memory for i, memory in enumerate(memories)}
    exec("\n".join(lines), scope)
    read: Callable[[CandidateProfile], list[Any]] = scope["read"]
    return read
