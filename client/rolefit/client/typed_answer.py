"""Reads what a person types as the answer to a question, and says what could be typed."""

from __future__ import annotations

import re

from google.protobuf.descriptor import FieldDescriptor

from rolefit.client.field_value import UnfitError, read_value
from rolefit.client.profile_field import FieldValue, Kind, ProfileField
from rolefit.client.wording import listed, option_words

_YES = ("y", "yes", "true")
_NO = ("n", "no", "false")
_NONE = "none"
# Python's own reading also takes "nan", "1_000" and digits of other scripts.
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?", re.ASCII)


class MisreadError(Exception):
    """What was typed is no answer to the question; the text says what would be."""


class TypedAnswer:
    """How one question can be answered at a keyboard."""

    def __init__(self, field: ProfileField, names: tuple[str, ...] = ()) -> None:
        """Note what is asked for.

        Args:
            field: The field.
            names: The values the server offers, for a choice or a set. Empty: all.

        """
        self._field = field
        self._numbers: tuple[int, ...] = ()
        self.options: tuple[str, ...] = ()
        """The options in words, in the order in which they are numbered from 1."""
        if field.kind in (Kind.CHOICE, Kind.SET):
            offered = field.options(names)
            self._numbers = tuple(offered)
            self._names = tuple(offered.values())
            self.options = tuple(option_words(field.enum, number) for number in offered)

    def hint(self) -> str:
        """Say in a few words what to type."""
        kind = self._field.kind
        if kind is Kind.FLAG:
            return "y or n"
        if kind is Kind.CHOICE:
            return f"a number from 1 to {len(self.options)}, or the word"
        if kind is Kind.SET:
            return f"numbers or words with commas between, or {_NONE}"
        if kind is Kind.TEXT:
            return self._field.constraint.expected or "text"
        return _range(self._field)

    def accepted(self) -> str:
        """Say what to type where the options are not listed and numbered beside it."""
        kind = self._field.kind
        if kind is Kind.CHOICE:
            return listed(list(self.options))
        if kind is Kind.SET:
            return f"{_NONE}, or with commas between: {', '.join(self.options)}"
        return self.hint()

    def read(self, text: str) -> FieldValue:
        """Read an answer.

        Raises:
            MisreadError: It is none.

        """
        kind = self._field.kind
        if kind is Kind.FLAG:
            return self._flag(text)
        if kind is Kind.CHOICE:
            return self._choice(text)
        if kind is Kind.SET:
            return self._set(text)
        if kind is Kind.TEXT:
            return self._text(text)
        return self._number(text)

    def _flag(self, text: str) -> bool:
        word = text.casefold()
        if word in _YES or word in _NO:
            return word in _YES
        raise self._misread()

    def _choice(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 4:
            place = int(text)
            if 1 <= place <= len(self._numbers):
                return self._numbers[place - 1]
        wanted = _plain(text)
        for number, name, words in zip(self._numbers, self._names, self.options, strict=True):
            if wanted and wanted in (_plain(name), _plain(words)):
                return number
        raise self._misread()

    def _set(self, text: str) -> tuple[int, ...]:
        if text.casefold() == _NONE:
            return ()
        parts = [part.strip() for part in text.split(",")]
        chosen = {self._choice(part) for part in parts if part}
        if not chosen:
            raise self._misread()
        return tuple(number for number in self._numbers if number in chosen)

    def _text(self, text: str) -> str:
        pattern = self._field.constraint.pattern
        # Country codes and the like: whoever types them in lower case means the same.
        for variant in (text, text.upper()):
            if not pattern or re.fullmatch(pattern, variant):
                return variant
        raise self._misread()

    def _number(self, text: str) -> int | float:
        matched = _NUMBER.fullmatch(text)
        if matched is None or len(text) > 30:
            raise self._misread()
        given = float(text) if matched.group(1) else int(text)
        try:
            value = read_value(self._field.descriptor, given)
        except UnfitError:
            raise self._misread() from None
        limits = self._field.constraint
        if isinstance(value, str) or _outside(value, limits.min, limits.HasField("min")):
            raise self._misread()
        if _outside(-value, -limits.max, limits.HasField("max")):
            raise self._misread()
        return value

    def _misread(self) -> MisreadError:
        return MisreadError(f"That is not an answer here. Please give {self.hint()}.")


def _outside(value: float, low: float, limited: bool) -> bool:
    return limited and value < low


def _range(field: ProfileField) -> str:
    """Say which numbers a field takes."""
    limits = field.constraint
    if limits.expected:
        return limits.expected
    whole = field.descriptor.cpp_type in (
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    )
    words = "a whole number" if whole else "a number"
    if limits.HasField("min") and limits.HasField("max"):
        return f"{words} from {limits.min:g} to {limits.max:g}"
    return f"{words}, {limits.min:g} or more" if limits.HasField("min") else words


def _plain(words: str) -> str:
    """Reduce words to what counts when they are compared."""
    return "".join(char for char in words.casefold() if char.isalnum())
