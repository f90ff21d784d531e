"""What the contract says of a message, worked out apart from the server's own checks.

Slow and plain: one walk over the fields that are set, for each the limits written beside it
in the `.proto` file. Facts are read through protobuf's JSON form, which knows on its own what
is absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolefit.engine.facts import Facts
from rolefit.v1 import constraints_pb2
from rolefit.v1.profile_pb2 import CandidateProfile


def bad_fields(message: Message, path: str = "") -> Iterator[str]:
    """The paths of all fields that break a limit; members of a set by their index."""
    for field, value in message.ListFields():
        here = f"{path}{field.name}"
        if field.is_repeated:
            for index, member in enumerate(value):
                if _breaks(field, member) or member == 0:
                    yield f"{here}[{index}]"
        elif field.message_type is not None:
            yield from bad_fields(value, f"{here}.")
        elif _breaks(field, value):
            yield here


def _breaks(field: FieldDescriptor, value: Any) -> bool:
    limits = field.GetOptions().Extensions[constraints_pb2.constraint]
    if field.enum_type is not None:
        return value not in [each.number for each in field.enum_type.values]
    if isinstance(value, float) and not math.isfinite(value):
        return True
    if limits.HasField("min") and value < limits.min:
        return True
    if limits.HasField("max") and value > limits.max:
        return True
    return bool(limits.pattern) and not re.fullmatch(limits.pattern, value)


def facts_of(profile: CandidateProfile) -> Facts:
    """The known fields of a valid profile by path."""
    facts: Facts = {}
    form = json_format.MessageToDict(profile, preserving_proto_field_name=True)
    _flatten(profile, form, "", facts)
    return facts


def _flatten(message: Message, form: dict[str, Any], path: str, facts: Facts) -> None:
    for name, value in form.items():
        field: Any = message.DESCRIPTOR.fields_by_name[name]
        here = f"{path}{name}"
        if field.enum_type is not None:
            short = _short(field, value)
            if short != "UNSPECIFIED":
                facts[here] = short
        elif field.message_type is None:
            facts[here] = value
        elif [each.name for each in field.message_type.fields] == ["values"]:
            members = field.message_type.fields[0]
            facts[here] = frozenset(_short(members, v) for v in value.get("values", ()))
        else:
            _flatten(getattr(message, name), value, f"{here}.", facts)


def _short(field: Any, name: str) -> str:
    """The name of an enum value without its type's name."""
    prefix: str = field.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix)
