"""Reads one value of JSON or YAML for one field of a message."""

from __future__ import annotations

import json
import math
from typing import cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from rolefit.client.enum_names import prefix_of, short_names
from rolefit.v1 import constraints_pb2

_F = FieldDescriptor
_INT_RANGES = {
    _F.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    _F.CPPTYPE_UINT32: (0, 2**32 - 1),
    _F.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    _F.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_FLOATS = (_F.CPPTYPE_DOUBLE, _F.CPPTYPE_FLOAT)
_LONGEST_SHOWN = 60


class UnfitError(Exception):
    """A value that a field cannot take; the text says what it could."""


def read_value(field: FieldDescriptor, value: object) -> bool | int | float | str:
    """Read a value, or one member of a list.

    Raises:
        UnfitError: The field cannot take it.

    """
    kind = field.cpp_type
    if kind == _F.CPPTYPE_ENUM:
        return _read_enum(field, value)
    if kind == _F.CPPTYPE_BOOL:
        if isinstance(value, bool):
            return value
        raise UnfitError(f"expected true or false, not {shown(value)}")
    if kind in _INT_RANGES:
        return _read_int(field, value)
    if kind in _FLOATS:
        return _read_float(field, value)
    return _read_text(field, value)


def _read_enum(field: FieldDescriptor, value: object) -> int:
    enum = cast(EnumDescriptor, field.enum_type)
    names = short_names(enum)
    # Inside a set the zero value is no member; alone it says the same as absent.
    valid = {n: name for n, name in names.items() if n != 0 or not field.is_repeated}
    if isinstance(value, str):
        short = value.upper().removeprefix(prefix_of(enum))
        for number, name in valid.items():
            if name == short:
                return number
    elif isinstance(value, int) and not isinstance(value, bool) and value in valid:
        return int(value)
    offered = [name for number, name in names.items() if number != 0]
    hint = did_you_mean(value.upper() if isinstance(value, str) else value, offered)
    raise UnfitError(f"expected one of {', '.join(offered)}, not {shown(value)}{hint}")


def _read_int(field: FieldDescriptor, value: object) -> int:
    # JSON has one kind of number, so 5.0 is a whole one too. A bool is none, though Python
    # says that it is an int.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnfitError(f"expected {_expected(field, 'a whole number')}, not {shown(value)}")
    low, high = _INT_RANGES[field.cpp_type]
    if not low <= value <= high:
        limits = field.GetOptions().Extensions[constraints_pb2.constraint]
        low = max(low, int(limits.min)) if limits.HasField("min") else low
        words = _expected(field, f"a whole number from {low} to {high}")
        raise UnfitError(f"expected {words}, not {shown(value)}")
    return int(value)


def _read_float(field: FieldDescriptor, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
        raise UnfitError(f"expected {_expected(field, 'a finite number')}, not {shown(value)}")
    raise UnfitError(f"expected {_expected(field, 'a number')}, not {shown(value)}")


def _read_text(field: FieldDescriptor, value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError(f"expected {_expected(field, 'text')}, not {shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnfitError("expected text without halves of surrogate pairs") from None
    return str(value)


def _expected(field: FieldDescriptor, otherwise: str) -> str:
    """Say what the contract expects of a field, or else what its type does."""
    constraint = field.GetOptions().Extensions[constraints_pb2.constraint]
    return constraint.expected or otherwise


def did_you_mean(name: object, known: list[str]) -> str:
    """Offer the nearest known name as the end of a sentence, or nothing if none is."""
    from difflib import get_close_matches  # only wrong input pays for it

    near = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    return f"; did you mean {near[0]}?" if near else ""


def shown(value: object) -> str:
    """Put a value from outside in words, short whatever it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Python refuses to print integers of thousands of digits.
        return str(int(value)) if value.bit_length() <= 64 else "a number that large"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else str(float(value))
    if isinstance(value, str):
        text = str(value)
        return json.dumps(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "a list"
    return f"a {type(value).__name__}"
