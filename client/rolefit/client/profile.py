"""Reads a profile from a dict or JSON text, and says everything that is wrong with it.

Nothing here names a field of the profile: the descriptors of the contract say what there
is, so a new field needs no code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolefit.client.errors import InvalidProfile, Violation
from rolefit.client.field_value import UnfitError, did_you_mean, read_value, shown
from rolefit.client.profile_field import set_members
from rolefit.v1.profile_pb2 import CandidateProfile

_ROOT = "profile"


def parse_profile(profile: Mapping[str, object] | str | CandidateProfile) -> CandidateProfile:
    """Read a profile.

    Next to proto JSON, as `google.protobuf.json_format` writes it, it reads a short form:

    * field names in snake_case or lowerCamelCase;
    * enum values with or without their prefix, in any case: ``"DEPLOY"`` for
      ``"FIRST_INSTINCT_DEPLOY"``;
    * a plain list for a set: ``"motives": ["CURIOSITY"]`` for
      ``"motives": {"values": ["MOTIVE_CURIOSITY"]}``.

    ``None`` (``null``) means absent. Absent is not "no": a field that is left out was not
    looked at, and 0, false or an empty list was looked at and found to be none.

    Only the form is checked here. Limits, such as a rating from 1 to 5, are the server's.

    Args:
        profile: A dict, JSON text or a message, which is returned as it is.

    Raises:
        InvalidProfile: It cannot be read; all that is wrong is listed at once.

    """
    (message,) = parse_profiles({_ROOT: profile})
    return message


def parse_profiles(
    profiles: Mapping[str, Mapping[str, object] | str | CandidateProfile],
) -> list[CandidateProfile]:
    """Read several profiles as `parse_profile` does.

    Args:
        profiles: The profiles by the name that their violations begin with.

    Raises:
        InvalidProfile: Some cannot be read; all that is wrong with any is listed at once.

    """
    reader = _Reader()
    messages = [reader.read_profile(profile, name) for name, profile in profiles.items()]
    if reader.violations:
        raise InvalidProfile(reader.violations)
    return messages


class _Object(dict[str, object]):
    """A JSON object that remembers which of its names came twice."""

    repeated: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: list[tuple[str, object]]) -> _Object:
        read = cls(pairs)
        names = [name for name, _ in pairs]
        read.repeated = tuple(name for name in read if names.count(name) > 1)
        return read


def from_json(text: str) -> object:
    """Read JSON whose objects remember which of their names came twice.

    Raises:
        UnfitError: It is no JSON, or beyond what can be read.

    """
    try:
        return json.loads(text, object_pairs_hook=_Object.of)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnfitError(f"not JSON: {error.msg} at {where}") from None
    except (RecursionError, ValueError):  # nested or digits beyond what Python reads
        raise UnfitError(
            "JSON beyond what can be read: nested too deeply or a number too long"
        ) from None


class _Reader:
    """Fills messages and collects what does not fit."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def _refuse(self, path: str, description: str) -> None:
        self.violations.append(Violation(path, description))

    def read_profile(
        self, profile: Mapping[str, object] | str | CandidateProfile, name: str
    ) -> CandidateProfile:
        """Read a whole profile; `name` is the root of its paths."""
        if isinstance(profile, CandidateProfile):
            return profile
        message = CandidateProfile()
        try:
            value = from_json(profile) if isinstance(profile, str) else profile
        except UnfitError as unfit:
            self._refuse(name, str(unfit))
        else:
            self.read_message(message, value, name)
        return message

    def read_message(self, message: Message, value: object, path: str) -> None:
        """Fill a message from an object."""
        if not isinstance(value, Mapping):
            self._refuse(path, f"expected an object with fields, not {shown(value)}")
            return
        if isinstance(value, _Object):
            for name in value.repeated:
                self._refuse(f"{path}.{_segment(name)}", "given twice")
        fields = {f.name: f for f in message.DESCRIPTOR.fields}
        camel = {f.json_name: f for f in message.DESCRIPTOR.fields}
        given: set[str] = set()
        for name, content in value.items():
            field = fields.get(name) or camel.get(name)
            if field is None:
                self._refuse(f"{path}.{_segment(name)}", _no_such_field(name, fields))
            elif content is None:
                continue  # explicit null means absent
            elif field.name in given:
                self._refuse(f"{path}.{field.name}", f"given twice, the second time as {name}")
            else:
                given.add(field.name)
                self._read_field(
                    message, cast(FieldDescriptor, field), content, f"{path}.{field.name}"
                )

    def _read_field(
        self, message: Message, field: FieldDescriptor, value: object, path: str
    ) -> None:
        if field.is_repeated:
            self._read_list(message, field, value, path)
        elif field.message_type is not None:
            inner = getattr(message, field.name)
            inner.SetInParent()  # present even if nothing is inside
            members = set_members(field.message_type)
            if members is not None and not isinstance(value, Mapping):
                self._read_list(inner, members, value, f"{path}.{members.name}", of=path)
            else:
                self.read_message(inner, value, path)
        else:
            try:
                setattr(message, field.name, read_value(field, value))
            except UnfitError as unfit:
                self._refuse(path, str(unfit))

    def _read_list(
        self,
        message: Message,
        field: FieldDescriptor,
        value: object,
        path: str,
        *,
        of: str | None = None,
    ) -> None:
        """Fill a repeated field.

        Args:
            message: The message that has the field.
            field: The repeated field.
            value: What should be a list.
            path: Path of the field.
            of: The path to name if the value is no list at all, if it is not `path`.

        """
        if not isinstance(value, (list, tuple, set, frozenset)):
            self._refuse(of or path, f"expected a list, not {shown(value)}")
            return
        filled = getattr(message, field.name)
        for index, member in enumerate(value):
            where = f"{path}[{index}]"
            if field.message_type is not None:
                self.read_message(filled.add(), member, where)
                continue
            try:
                filled.append(read_value(field, member))
            except UnfitError as unfit:
                self._refuse(where, str(unfit))


def _no_such_field(name: object, fields: Iterable[str]) -> str:
    known = list(fields)
    return f"no such field; expected one of {', '.join(known)}{did_you_mean(name, known)}"


def _segment(name: object) -> str:
    """Make a name from outside part of a path: an unknown one can be anything."""
    return name if isinstance(name, str) and name.isidentifier() else shown(name)
