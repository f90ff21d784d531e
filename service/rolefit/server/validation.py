"""Say what is wrong with a request, every bad field at once.

The limits stand in the contract, as the `constraint` option beside each field; at import
they are compiled into one check per field, with the field's full path worked out. A request
then costs as much as it has fields set.

Beyond the limits, refused are: enum numbers that the contract does not know (proto3 keeps
them), `..._UNSPECIFIED` as the member of a set, and NaN or infinite numbers. Fields that the
contract does not know are ignored, as protobuf has it: a newer client may send them, and
since rules can name none but known fields, they cannot reach one.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from rolefit.engine.vocabulary import contract_fields
from rolefit.v1 import constraints_pb2
from rolefit.v1.field_change_pb2 import EFFORT_WISH
from rolefit.v1.path_pb2 import PATH_UNDETERMINED, PATH_UNSPECIFIED
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesRequest,
    FindChangesRequest,
    PrepareRequest,
    RecommendRequest,
)

ProfileRequest = RecommendRequest | PrepareRequest | CompareProfilesRequest | FindChangesRequest


class Violation(NamedTuple):
    """A bad field: its path from the request, and what is wrong with it."""

    field: str
    description: str


_Check = Callable[[Any, list[Violation]], None]
_Checker = Callable[[Message], list[Violation]]

_ONE_OF_FIVE = "must be one of the five paths"
# Names of fields: no constraint can say which there are.
_KEEP = "rolefit.v1.ChangeLimits.keep"
_LONGEST_VALUE_SHOWN = 40
_MOST_MEMBERS_SHOWN = 3
_DOUBLES = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_INTEGERS = (
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)


def checker(request: type[Message]) -> _Checker:
    """Return the check of a type of request: it returns every bad field."""
    check = _message_check(cast(Descriptor, request.DESCRIPTOR), "")

    def bad_fields(message: Message) -> list[Violation]:
        found: list[Violation] = []
        check(message, found)
        return found

    return bad_fields


def violations(request: ProfileRequest) -> list[Violation]:
    """Return every bad field, in the order of field numbers; empty if all are good."""
    required, bad_fields = _PROFILE_REQUESTS[type(request)]
    found = [
        Violation(field, "is required; it may be empty")
        for field in required
        if not request.HasField(field)  # type: ignore[arg-type]
    ]
    found += bad_fields(request)
    if isinstance(request, PrepareRequest):
        found += [
            Violation(f"paths[{i}]", _ONE_OF_FIVE)
            for i, path in enumerate(request.paths)
            if path == PATH_UNDETERMINED
        ]
    if isinstance(request, FindChangesRequest):
        found += _goal_violations(request)
    return found


def _goal_violations(request: FindChangesRequest) -> list[Violation]:
    found = []
    if request.target_path in (PATH_UNSPECIFIED, PATH_UNDETERMINED):
        found.append(Violation("target_path", _ONE_OF_FIVE))
    if request.limits.max_effort == EFFORT_WISH:
        reason = "is no measure of effort; set limits.wishes_may_change to let wishes change"
        found.append(Violation("limits.max_effort", reason))
    known = contract_fields()
    bad = [(i, path) for i, path in enumerate(request.limits.keep) if path not in known]
    for i, path in bad[:_MOST_MEMBERS_SHOWN]:
        reason = f"must be the path of a field in CandidateProfile, was {shown(path)}"
        found.append(Violation(f"limits.keep[{i}]", reason))
    if len(bad) > _MOST_MEMBERS_SHOWN:
        more = len(bad) - _MOST_MEMBERS_SHOWN
        found.append(Violation("limits.keep", f"has {more} more bad members"))
    return found


def _message_check(message: Descriptor, path: str) -> _Check:
    checks: dict[int, _Check] = {}
    for field in message.fields:
        check = _field_check(field, f"{path}{field.name}")
        if check is not None:
            checks[field.number] = check

    def check_message(value: Any, found: list[Violation]) -> None:
        for field, member in value.ListFields():
            check = checks.get(field.number)
            if check is not None:
                check(member, found)

    return check_message


def _field_check(field: FieldDescriptor, path: str) -> _Check | None:
    limits = field.GetOptions().Extensions[constraints_pb2.constraint]
    if field.message_type is not None and not field.is_repeated:
        return _message_check(field.message_type, f"{path}.")
    if field.enum_type is not None:
        return (_set_check if field.is_repeated else _enum_check)(field.enum_type, path)
    if field.full_name == _KEEP:
        return None  # its members are checked against the contract
    if field.is_repeated:
        raise TypeError(f"{field.full_name}: no check for repeated fields of this type")
    if field.cpp_type in _DOUBLES or field.cpp_type in _INTEGERS:
        return _number_check(limits, path, field.cpp_type in _DOUBLES)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return _text_check(limits, path) if limits.pattern else None
    return None


def _number_check(limits: constraints_pb2.Constraint, path: str, is_double: bool) -> _Check:
    low = limits.min if limits.HasField("min") else -math.inf
    high = limits.max if limits.HasField("max") else math.inf
    if math.isinf(low) and math.isinf(high):
        expected = "finite"
    elif math.isinf(high):
        expected = f"at least {_number(low)}"
    elif math.isinf(low):
        expected = f"at most {_number(high)}"
    else:
        expected = f"from {_number(low)} to {_number(high)}"
    expected = limits.expected or expected

    def check(value: float, found: list[Violation]) -> None:
        # NaN compares false with everything, so it fails the first test.
        if not low <= value <= high or (is_double and math.isinf(value)):
            found.append(Violation(path, f"must be {expected}, was {_number(value)}"))

    return check


def _text_check(limits: constraints_pb2.Constraint, path: str) -> _Check:
    # RE2 and `re` agree on what the contract uses: classes and counted repetition.
    matches = re.compile(limits.pattern).fullmatch
    expected = limits.expected or f"text that matches {limits.pattern}"

    def check(value: str, found: list[Violation]) -> None:
        if matches(value) is None:
            found.append(Violation(path, f"must be {expected}, was {shown(value)}"))

    return check


def _enum_check(enum: EnumDescriptor, path: str) -> _Check:
    known = frozenset(enum.values_by_number)
    expected = f"a known {enum.name} ({_numbers(known)})"

    def check(value: int, found: list[Violation]) -> None:
        if value not in known:
            found.append(Violation(path, f"must be {expected}, was {value}"))

    return check


def _set_check(enum: EnumDescriptor, path: str) -> _Check:
    known = frozenset(enum.values_by_number) - {0}
    expected = f"a known {enum.name} ({_numbers(known)})"
    unspecified = enum.values_by_number[0].name

    def check(values: Iterable[int], found: list[Violation]) -> None:
        # One pass at the speed of C settles the ordinary case.
        if known.issuperset(values):
            return
        bad = [(index, value) for index, value in enumerate(values) if value not in known]
        for index, value in bad[:_MOST_MEMBERS_SHOWN]:
            seen = value or unspecified
            found.append(Violation(f"{path}[{index}]", f"must be {expected}, was {seen}"))
        if len(bad) > _MOST_MEMBERS_SHOWN:
            more = len(bad) - _MOST_MEMBERS_SHOWN
            found.append(Violation(path, f"has {more} more bad members"))

    return check


def _numbers(known: frozenset[int]) -> str:
    low, high = min(known), max(known)
    if len(known) == high - low + 1:
        return f"{low} to {high}"
    return ", ".join(str(number) for number in sorted(known))


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return repr(value).removesuffix(".0")


def shown(value: str) -> str:
    """Quote a text from outside, shortened."""
    if len(value) > _LONGEST_VALUE_SHOWN:
        value = value[:_LONGEST_VALUE_SHOWN] + "…"
    # repr() escapes control characters, so that a value cannot forge log or status lines.
    return repr(value)


# By type of request: the profiles it must have, and the check of its fields.
_PROFILE_REQUESTS: dict[type[Message], tuple[tuple[str, ...], _Checker]] = {
    RecommendRequest: (("profile",), checker(RecommendRequest)),
    PrepareRequest: (("profile",), checker(PrepareRequest)),
    CompareProfilesRequest: (("a", "b"), checker(CompareProfilesRequest)),
    FindChangesRequest: (("profile",), checker(FindChangesRequest)),
}
