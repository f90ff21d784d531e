"""The fields of a profile that a person can be asked for, as the contract describes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from rolefit.client.enum_names import short_names
from rolefit.client.field_value import UnfitError, did_you_mean, shown
from rolefit.v1 import constraints_pb2
from rolefit.v1.profile_pb2 import CandidateProfile

FieldValue = bool | int | float | str | tuple[int, ...]
"""A value as a message holds it: enum values by number, a set as a tuple of them."""


class Kind(Enum):
    """What sort of value a field holds."""

    FLAG = "flag"
    NUMBER = "number"
    CHOICE = "choice"
    SET = "set"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ProfileField:
    """One field that holds a value."""

    path: str
    """Its path in the profile, such as ``publications.top_tier_papers``."""
    kind: Kind
    """What sort of value it holds."""
    descriptor: FieldDescriptor
    """The contract's description of the value; of a set, that of its members."""

    @property
    def enum(self) -> EnumDescriptor:
        """The values of a choice or a set."""
        return cast(EnumDescriptor, self.descriptor.enum_type)

    @property
    def constraint(self) -> constraints_pb2.Constraint:
        """The limits that the contract sets."""
        return self.descriptor.GetOptions().Extensions[constraints_pb2.constraint]

    def options(self, names: tuple[str, ...] = ()) -> dict[int, str]:
        """Return the values of a choice or a set by number, with their short names.

        Args:
            names: Keep these alone. None of them known, or empty: all values.

        """
        known = {number: name for number, name in short_names(self.enum).items() if number}
        return {number: name for number, name in known.items() if name in names} or known

    def put(self, profile: CandidateProfile, value: FieldValue) -> CandidateProfile:
        """Return a copy of a profile with this field set."""
        changed, message, name = self._copied(profile)
        if isinstance(value, tuple):
            members = getattr(message, name)
            members.ClearField(self.descriptor.name)
            members.SetInParent()  # an empty set is present: looked at, and found none
            getattr(members, self.descriptor.name).extend(value)
        else:
            setattr(message, name, value)
        return changed

    def clear(self, profile: CandidateProfile) -> CandidateProfile:
        """Return a copy of a profile with this field absent."""
        changed, message, name = self._copied(profile)
        message.ClearField(name)
        return changed

    def _copied(self, profile: CandidateProfile) -> tuple[CandidateProfile, Any, str]:
        """Copy a profile; return with it the message that holds the field, and its name."""
        copied = CandidateProfile()
        copied.CopyFrom(profile)
        *parents, name = self.path.split(".")
        message: Any = copied
        for parent in parents:
            message = getattr(message, parent)
        return copied, message, name


def find_field(path: str) -> ProfileField | None:
    """Find a field by its path; None if this version of the contract has no such field."""
    message: Descriptor | None = CandidateProfile.DESCRIPTOR
    found: FieldDescriptor | None = None
    for name in path.split("."):
        found = message.fields_by_name.get(name) if message is not None else None
        if found is None:
            return None
        message = found.message_type
    if found is None or message is None:
        return None if found is None else ProfileField(path, _kind(found), found)
    members = set_members(message)
    return None if members is None else ProfileField(path, Kind.SET, members)


def named_field(name: str) -> ProfileField:
    """Find a field by its path or by the last part of it, as ``top_tier_papers``.

    Raises:
        UnfitError: There is no such field; the text suggests the nearest.

    """
    wanted = name.strip().lower().replace("-", "_")
    paths = field_paths()
    for path in paths:
        field = find_field(path)
        if field is not None and wanted in (path, path.rpartition(".")[2]):
            return field
    known = [*paths, *(path.rpartition(".")[2] for path in paths)]
    raise UnfitError(f"there is no field {shown(name)}{did_you_mean(wanted, known)}")


def field_paths(message: Descriptor = CandidateProfile.DESCRIPTOR) -> tuple[str, ...]:
    """Return the paths of all fields that hold a value, in the contract's order."""
    paths: list[str] = []
    for field in message.fields:
        inner = field.message_type
        if inner is None or set_members(inner) is not None:
            paths.append(field.name)
        else:
            paths.extend(f"{field.name}.{path}" for path in field_paths(inner))
    return tuple(paths)


def set_members(message: Descriptor) -> FieldDescriptor | None:
    """Find the one list of a message that only wraps a list, or None in any other message.

    The contract wraps a list where "none" has to differ from "nobody looked".
    """
    fields = message.fields
    if len(fields) == 1 and fields[0].is_repeated and fields[0].name == "values":
        return fields[0]
    return None


def _kind(field: FieldDescriptor) -> Kind:
    if field.enum_type is not None:
        return Kind.CHOICE
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return Kind.FLAG
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return Kind.TEXT
    return Kind.NUMBER
