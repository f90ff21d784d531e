"""Bytes for requests: from ordinary ones to nearly ordinary ones to noise."""

from __future__ import annotations

import math
import random
import struct
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from rolefit.engine.wire import varint
from rolefit.v1.recommendation_service_pb2 import VIEW_FULL, RecommendRequest
from tests.profiles import FIELDS, message, values

_DOUBLES = (
    *(0.0, -0.0, 0.5, 1.0, 1.0000000001, 1.99, 2.0, 3.5, 79.999, 80.0, 80.0001, 5e-324),
    *(-1.0, 1e308, math.inf, -math.inf, math.nan),
)
_INTEGERS = (0, 1, 2, 3, 4, 5, 6, 9, 40, 240_001, -1, 2**31 - 1, -(2**31))
_TEXTS = ("US", "DE", "", "us", "USA", "U", "ÜS", "U\n", "\0\0", "x" * 300)


def valid_request(rng: random.Random) -> RecommendRequest:
    """A request that breaks no limit, and asks for everything."""
    share = rng.choice((0.0, 0.1, 0.4, 0.7, 0.95, 1.0))
    facts = {p: rng.choice(values(f)) for p, f in FIELDS.items() if rng.random() < share}
    return RecommendRequest(profile=message(facts), view=VIEW_FULL)


def any_request(rng: random.Random, request: type[Message]) -> Message:
    """A message of the type whose fields hold anything their wire type can."""
    made = request()
    _fill(rng, made, rng.choice((0.02, 0.2, 0.6)), bad=rng.choice((0.0, 0.02, 0.3)))
    return made


def _fill(rng: random.Random, owner: Message, share: float, bad: float) -> None:
    for field in owner.DESCRIPTOR.fields:
        if field.message_type is not None and not field.is_repeated:
            if rng.random() < max(share, 0.7):
                part = getattr(owner, field.name)
                part.SetInParent()
                _fill(rng, part, share, bad)
        elif field.message_type is None and rng.random() < share:
            count = rng.choice((0, 1, 2, 12)) if field.is_repeated else 1
            members = [_value(rng, field, bad) for _ in range(count)]
            if field.is_repeated:
                getattr(owner, field.name).extend(members)
            else:
                setattr(owner, field.name, members[0])


def _value(rng: random.Random, field: Any, bad: float) -> Any:
    if field.enum_type is not None:
        known = [each.number for each in field.enum_type.values]
        return rng.choice((0, 99, -1, 2**31 - 1)) if rng.random() < bad else rng.choice(known)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return rng.choice(_TEXTS if rng.random() < bad else ("US", "DE", "NO"))
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return rng.choice(_DOUBLES) if rng.random() < bad else rng.choice((0.0, 0.4, 1.0))
    return rng.choice(_INTEGERS) if rng.random() < bad else rng.choice((1, 2, 3, 4, 5))


def wire_fields(rng: random.Random, noise: bytes, depth: int = 3) -> bytes:
    """Fields on the wire with any number and type, nested, and not always whole."""
    content = b""
    for _ in range(rng.randrange(5)):
        number = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 16, 19_000, 2**29 - 1, 2**29))
        kind = rng.randrange(8)
        inner = wire_fields(rng, noise, depth - 1) if depth else noise
        content += varint(number << 3 | kind)
        if kind == 0:
            content += varint(rng.choice((0, 1, 5, 99, 2**31, 2**63, 2**64 - 1, 2**69)))
        elif kind == 1:
            content += struct.pack("<d", rng.choice(_DOUBLES))
        elif kind == 2:
            length = len(inner) if rng.random() < 0.9 else rng.choice((0, 1, 127, 2**31, 2**64))
            content += varint(length) + inner
        elif kind == 3:
            content += inner + varint(number << 3 | 4)
        else:
            content += noise[:4]
    return content


def edited(rng: random.Random, content: bytes, noise: bytes) -> bytes:
    """Bytes near `content`: some changed, cut off, left out, put in or said twice."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(content) + 1)
        new = noise[: rng.randrange(7)] or rng.randbytes(1)
        kind = rng.randrange(6)
        if kind == 0:
            content = content[:at]
        elif kind == 1:
            content = content[:at] + new + content[at:]
        elif kind == 2:
            content = content[:at] + content[at + len(new) :]
        elif kind == 3:
            content = content + content[at:]
        else:
            content = content[:at] + new + content[at + len(new) :]
    return content


def request_bytes(kind: type[Message], way: str, seed: int, noise: bytes) -> bytes:
    """A serialised request of a type, or what is none, made in one of the `WAYS`."""
    rng = random.Random(seed)
    if way == "noise":
        return noise
    if way == "wire":
        return wire_fields(rng, noise)
    valid = kind is RecommendRequest and (way == "valid" or rng.random() < 0.5)
    base = (valid_request(rng) if valid else any_request(rng, kind)).SerializeToString()
    if way == "edited":
        return edited(rng, base, noise)
    if way == "extended":
        return base + wire_fields(rng, noise)
    if way == "merged":
        return base + any_request(rng, kind).SerializeToString()
    return base


# The commonest first; a request of any other type than Recommend's is never sure to be valid.
WAYS = (*["valid"] * 3, *["filled"] * 3, *["edited"] * 3, "extended", "merged", "wire", "noise")


def requests(kind: type[Message] = RecommendRequest) -> st.SearchStrategy[bytes]:
    """Serialised requests of a type, and much that is none.

    One seed for each, and not one draw for each byte: a tenth of the time.
    """
    seeds = st.integers(0, 2**32 - 1)
    ways = st.sampled_from(WAYS)
    return st.builds(request_bytes, st.just(kind), ways, seeds, st.binary(max_size=40))


def deeply_nested(levels: int) -> bytes:
    """Unknown groups inside each other, for a parser that recurses."""
    return varint(100 << 3 | 3) * levels + varint(100 << 3 | 4) * levels
