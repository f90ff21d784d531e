"""The wire form of messages that hold other messages, to join answers from parts.

A serialised message is its fields one after another, so messages that were serialised before
can be joined; only the length of what surrounds them has to be written anew.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_LENGTH_DELIMITED = 2


@functools.lru_cache(maxsize=1 << 14)
def varint(number: int) -> bytes:
    """A number of 0 or more as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field: FieldDescriptor) -> bytes:
    """What stands before a field that holds text or a message."""
    return varint(field.number << 3 | _LENGTH_DELIMITED)


def nested(field: bytes, parts: Iterable[bytes]) -> bytes:
    """A field that holds a message, given the field's tag and parts of the message."""
    body = b"".join(parts)
    return field + varint(len(body)) + body


def serialised(message: Message) -> bytes:
    """A message as bytes, the same for equal messages."""
    return message.SerializeToString(deterministic=True)
