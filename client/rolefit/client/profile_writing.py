"""Writes a profile as the files that `parse_profile` reads, in their short form."""

from __future__ import annotations

import json
from typing import Any

import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolefit.client.enum_names import short_names
from rolefit.client.profile_field import set_members
from rolefit.v1.profile_pb2 import CandidateProfile


class _Dumper(yaml.SafeDumper):
    """Writes mappings one entry to a line, as people do, and lists in brackets."""


def _represent_list(dumper: _Dumper, value: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Dumper.add_representer(list, _represent_list)


def profile_text(profile: CandidateProfile, name: str) -> str:
    """Write a profile for a file of that name: JSON for ``.json``, else YAML."""
    value = short_form(profile)
    if name.endswith(".json"):
        return json.dumps(value, indent=2) + "\n"
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=88)


def short_form(message: Message) -> dict[str, Any]:
    """Return the fields given, enum values by their short names and sets as lists."""
    form: dict[str, Any] = {}
    for field, value in message.ListFields():
        if field.message_type is None:
            written = _scalar(field, value)
        elif (members := set_members(field.message_type)) is not None:
            written = [_scalar(members, member) for member in getattr(value, members.name)]
        else:
            written = short_form(value) or None
        if written is not None:
            form[field.name] = written
    return form


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    """Return a value as a person would write it; None for what says the same as absent."""
    if field.enum_type is not None:
        return short_names(field.enum_type).get(value, value) if value else None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
