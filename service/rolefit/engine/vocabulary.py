"""The fields of a profile that rules may read.

Their kinds come from the contract, their words from `rules/vocabulary.yaml`.
"""

from __future__ import annotations

import enum
import functools
import math
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from rolefit.v1 import constraints_pb2, profile_pb2

FactValue = bool | int | float | str | frozenset[str]


class Kind(enum.Enum):
    """What sort of value a field holds."""

    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"
    SET = "set"
    TEXT = "text"


@dataclass(frozen=True)
class Field:
    """One field of CandidateProfile.

    Attributes:
        path: Such as `publications.top_tier_papers`.
        kind: Sort of value.
        integral: For a number: only whole numbers occur.
        values: For a choice or a set: the short names of its values, in contract order.
        least: For a number: the smallest that the contract allows.
        most: For a number: the largest.
    """

    path: str
    kind: Kind
    integral: bool = False
    values: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf


# What it takes a person to change a field, the lightest first.
EFFORTS = ("CONVERSATION", "WISH", "WEEKS", "MONTHS", "YEARS")
WISH = "WISH"


@dataclass(frozen=True)
class Change:
    """How a person can change a field.

    Attributes:
        effort: One of EFFORTS. A wish, or a taste, is changed only if asked for.
        only_up: Numbers only grow, flags only become true, choices only move on in the
            contract's order.
    """

    effort: str
    only_up: bool


@dataclass(frozen=True)
class FieldWords:
    """How people read a field.

    Attributes:
        label: Noun phrase, such as "papers at top-tier venues".
        question: What to ask a person for it.
        values: Words for values whose short name does not read well.
        unit: Of a number, such as "years"; empty for any other kind.
        change: How a person can change it; None if nobody can.
    """

    label: str
    question: str
    values: dict[str, str]
    unit: str
    change: Change | None = None


@dataclass(frozen=True)
class Vocabulary:
    """Every field, with its words and the order in which to ask for it.

    Attributes:
        fields: By path, in contract order.
        words: By path.
        ask_order: Paths in the order to ask, where nothing else decides it; a field that is
            not in it is never asked.
        ask_first: Paths to ask before others that settle more.
    """

    fields: dict[str, Field]
    words: dict[str, FieldWords]
    ask_order: tuple[str, ...]
    ask_first: tuple[str, ...]

    def value_words(self, path: str, value: FactValue) -> str:
        """A value as people read it: "master's", "1,200", "revenue and latency"."""
        field = self.fields[path]
        if field.kind is Kind.FLAG:
            return "yes" if value else "no"
        if isinstance(value, frozenset):
            names = [self.token_words(path, v) for v in field.values if v in value]
            return join_words(names, "and") if names else "none"
        if field.kind is Kind.NUMBER:
            return f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
        return self.token_words(path, str(value))

    def token_words(self, path: str, token: str) -> str:
        """Words for one value of a choice, a set or a text field."""
        words = self.words[path].values
        if self.fields[path].kind is Kind.TEXT:
            return words.get(token, token)
        return words.get(token, token.replace("_", " ").lower())


def join_words(words: list[str], conjunction: str) -> str:
    """A list in prose: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


@functools.cache
def short_names(enum_type: EnumDescriptor) -> dict[int, str]:
    """Numbers to names without the type's prefix; the zero value, "unknown", left out."""
    prefix = "".join(
        f"_{c}" if c.isupper() and i else c.upper() for i, c in enumerate(enum_type.name)
    )
    return {
        value.number: value.name.removeprefix(f"{prefix.upper()}_")
        for value in enum_type.values
        if value.number != 0
    }


def contract_fields(
    message: Descriptor = profile_pb2.CandidateProfile.DESCRIPTOR, prefix: str = ""
) -> dict[str, Field]:
    """The leaf fields of the profile, by path, in contract order."""
    fields: dict[str, Field] = {}
    for descriptor in message.fields:
        path = f"{prefix}{descriptor.name}"
        inner = descriptor.message_type
        if inner is None:
            fields[path] = _leaf(path, descriptor)
        elif is_set_message(inner):
            names = tuple(short_names(inner.fields[0].enum_type).values())
            fields[path] = Field(path, Kind.SET, values=names)
        else:
            fields.update(contract_fields(inner, f"{path}."))
    return fields


def is_set_message(message: Descriptor) -> bool:
    """True for the wrappers that tell an empty set from an unknown one."""
    fields = message.fields
    return len(fields) == 1 and fields[0].name == "values" and fields[0].is_repeated


def _leaf(path: str, descriptor: FieldDescriptor) -> Field:
    if descriptor.enum_type is not None:
        names = tuple(short_names(descriptor.enum_type).values())
        return Field(path, Kind.CHOICE, values=names)
    if descriptor.type == FieldDescriptor.TYPE_BOOL:
        return Field(path, Kind.FLAG)
    if descriptor.type == FieldDescriptor.TYPE_STRING:
        return Field(path, Kind.TEXT)
    limits = descriptor.GetOptions().Extensions[constraints_pb2.constraint]
    return Field(
        path,
        Kind.NUMBER,
        integral=descriptor.cpp_type == FieldDescriptor.CPPTYPE_INT32,
        least=limits.min if limits.HasField("min") else -math.inf,
        most=limits.max if limits.HasField("max") else math.inf,
    )
