"""The short names of enum values: DEPLOY for FIRST_INSTINCT_DEPLOY."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from google.protobuf.descriptor import EnumDescriptor

_ZERO = "UNSPECIFIED"


def prefix_of(enum: EnumDescriptor) -> str:
    """Return what the names of all values of an enum begin with, such as ``FIRST_INSTINCT_``.

    By convention of the contract the zero value is called prefix plus UNSPECIFIED.
    """
    return enum.values_by_number[0].name.removesuffix(_ZERO)


@cache
def short_names(enum: EnumDescriptor) -> MappingProxyType[int, str]:
    """Map the numbers of an enum to its names without prefix, in the order declared."""
    prefix = prefix_of(enum)
    return MappingProxyType({v.number: v.name.removeprefix(prefix) for v in enum.values})
