"""The short names of enum values: DEPLOY for FIRST_INSTINCT_DEPLOY."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from google.protobuf.descriptor import EnumDescriptor

from rolefit.client.vocabulary import Word

_W = TypeVar("_W", bound=Word)

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


def word_reader(words: type[_W], enum: EnumDescriptor) -> Callable[[int], _W]:
    """Make the function that names the values of one enum."""
    known = {number: words(name) for number, name in short_names(enum).items()}
    unrecognized = words("UNRECOGNIZED")
    return lambda number: known.get(number, unrecognized)


def number_of(enum: EnumDescriptor, what: str, name: str) -> int:
    """Return the number of a value by its name, short or full: ml-engineer is ML_ENGINEER.

    Raises:
        ValueError: The enum has no such value; the message calls it `what`.

    """
    short = str(name).upper().replace("-", "_").removeprefix(prefix_of(enum))
    valid = {each: number for number, each in short_names(enum).items() if number != 0}
    if short not in valid:
        raise ValueError(f"{what} must be one of {', '.join(valid)}, not {str(name)!r}")
    return valid[short]
