"""From a profile message to facts: the known fields and their values."""

from __future__ import annotations

from google.protobuf.message import Message

from rolefit.engine.vocabulary import FactValue, is_set_message, short_names
from rolefit.v1.profile_pb2 import CandidateProfile

Facts = dict[str, FactValue]


def read_facts(profile: CandidateProfile) -> Facts:
    """The known fields by path; an absent one, or an enum's zero value, has no entry.

    The profile must have passed validation: an enum number outside the contract counts
    as unknown here.
    """
    facts: Facts = {}
    _read_message(profile, "", facts)
    return facts


def write_fact(profile: CandidateProfile, path: str, value: FactValue) -> None:
    """Sets one field of a profile to a value that is valid for it."""
    *parents, name = path.split(".")
    message: Message = profile
    for parent in parents:
        message = getattr(message, parent)
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    if isinstance(value, frozenset):
        members = getattr(message, name)
        names = short_names(members.DESCRIPTOR.fields[0].enum_type)
        # An empty set is a message that is there.
        members.SetInParent()
        members.values[:] = [number for number, token in names.items() if token in value]
    elif descriptor.enum_type is not None:
        names = short_names(descriptor.enum_type)
        setattr(message, name, next(n for n, token in names.items() if token == value))
    else:
        setattr(message, name, value)


def plain(value: FactValue) -> FactValue:
    """The value that stands for all equal ones: a negative zero is an ordinary one."""
    return value + 0.0 if isinstance(value, float) else value


def _read_message(message: Message, prefix: str, facts: Facts) -> None:
    # ListFields holds exactly the fields that are set: absence needs no test of its own.
    for descriptor, value in message.ListFields():
        path = f"{prefix}{descriptor.name}"
        if descriptor.message_type is None:
            if descriptor.enum_type is None:
                facts[path] = plain(value)
            elif (name := short_names(descriptor.enum_type).get(value)) is not None:
                facts[path] = name
        elif is_set_message(descriptor.message_type):
            names = short_names(descriptor.message_type.fields[0].enum_type)
            facts[path] = frozenset(names[v] for v in value.values if v in names)
        else:
            _read_message(value, f"{path}.", facts)
