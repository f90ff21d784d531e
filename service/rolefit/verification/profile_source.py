"""Reads a profile from YAML, with file and line of everything that is wrong with it.

The form is the one in which people write profiles: field names of the contract, the short
names of enum values, a plain list for a set. Limits are those that the contract declares.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from typing import cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.vocabulary import is_set_message, short_names
from rolefit.engine.yaml_source import Value, suggest
from rolefit.v1 import constraints_pb2
from rolefit.v1.profile_pb2 import CandidateProfile

# Takes a field away from the profile that another one is based on.
ABSENT = "absent"
_LARGEST_INTEGER = 2**31 - 1


def read_profile(value: Value, base: CandidateProfile | None = None) -> CandidateProfile:
    """Reads a profile.

    Args:
        value: A mapping, nested as the contract is.
        base: A profile that holds wherever `value` is silent; it stays as it is. With it,
            the value `absent` takes a field or a whole part away.

    Raises:
        RulesetError: It is no profile, or a value is beyond the contract's limits. Every
            problem is listed, each with file and line.
    """
    profile = CandidateProfile()
    if base is not None:
        profile.CopyFrom(base)
    problems: list[Problem] = []
    _read_message(profile, value, "a profile", base is not None, problems)
    if problems:
        raise RulesetError(problems)
    return profile


def _read_message(
    message: Message, value: Value, what: str, based: bool, problems: list[Problem]
) -> None:
    fields = {field.name: cast(FieldDescriptor, field) for field in message.DESCRIPTOR.fields}
    with _collecting(problems):
        value.as_mapping(what, optional=fields)
    for name, item in (value.entries or {}).items():
        if name not in fields:
            continue
        field = fields[name]
        if based and item.text == ABSENT:
            message.ClearField(field.name)
        elif field.message_type is not None and not is_set_message(field.message_type):
            inner = cast(Message, getattr(message, name))
            _read_message(inner, item, name, based, problems)
        else:
            with _collecting(problems):
                _read_leaf(message, field, item)


def _read_leaf(message: Message, field: FieldDescriptor, item: Value) -> None:
    if field.message_type is not None:
        members = field.message_type.fields[0]
        numbers = [_choice(members, each) for each in item.as_list(field.name)]
        message.ClearField(field.name)
        inner = getattr(message, field.name)
        inner.SetInParent()  # an empty set is known
        inner.values.extend(numbers)
    elif field.enum_type is not None:
        setattr(message, field.name, _choice(field, item))
    elif field.type == FieldDescriptor.TYPE_BOOL:
        setattr(message, field.name, item.as_flag(field.name))
    elif field.type == FieldDescriptor.TYPE_STRING:
        setattr(message, field.name, _text(field, item))
    else:
        setattr(message, field.name, _number(field, item))


def _choice(field: FieldDescriptor, item: Value) -> int:
    numbers = {name: number for number, name in short_names(field.enum_type).items()}
    text = item.as_text(field.name)
    if text not in numbers:
        raise item.error(f"'{text}' is no value here{suggest(text, numbers)}")
    return numbers[text]


def _text(field: FieldDescriptor, item: Value) -> str:
    limits = _limits(field)
    text = item.as_text(field.name)
    if limits.pattern and not re.fullmatch(limits.pattern, text):
        raise item.error(f"{field.name} must be {limits.expected or limits.pattern}")
    return text


def _number(field: FieldDescriptor, item: Value) -> int | float:
    limits = _limits(field)
    integral = field.cpp_type == FieldDescriptor.CPPTYPE_INT32
    number = item.as_number(field.name)
    if integral and not isinstance(number, int):
        raise item.error(f"{field.name} must be a whole number")
    low = limits.min if limits.HasField("min") else -math.inf
    high = limits.max if limits.HasField("max") else math.inf
    high = min(high, _LARGEST_INTEGER) if integral else high
    if not low <= number <= high:
        expected = limits.expected or _range(low, high)
        raise item.error(f"{field.name} must be {expected}, was {number}")
    return number


def _range(low: float, high: float) -> str:
    return f"at least {low:g}" if math.isinf(high) else f"from {low:.12g} to {high:.12g}"


def _limits(field: FieldDescriptor) -> constraints_pb2.Constraint:
    return field.GetOptions().Extensions[constraints_pb2.constraint]


@contextlib.contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except RulesetError as error:
        problems.extend(error.problems)
