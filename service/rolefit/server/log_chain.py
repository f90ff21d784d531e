"""Hash chains: each record of a log names the hash of the one before."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

GENESIS = "0" * 64
"""What the first record of a chain names as the hash before it."""


class RecordError(Exception):
    """A line is no record, or not the one that was written; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain.

    Attributes:
        chain: Id of the chain, 16 hexadecimal digits.
        sequence: That of the last record; 0 if there is none yet.
        hash: That of the last record.
    """

    chain: str
    sequence: int
    hash: str

    @classmethod
    def new(cls) -> Head:
        """Begin a chain."""
        return cls(secrets.token_hex(8), 0, GENESIS)

    @classmethod
    def after(cls, record: dict[str, Any]) -> Head:
        """Return the end of the chain whose last record this is, as `read_record` gave it."""
        return cls(record["chain"], record["sequence"], record["hash"])

    def seal(self, kind: str, entry: bytes, time_ns: int) -> tuple[bytes, Head]:
        """Add a record.

        Args:
            kind: Name of the entry in DecisionRecord, such as "decision".
            entry: The entry as canonical JSON.
            time_ns: Since 1970, in nanoseconds.

        Returns:
            The record as a line of JSON, and the new end.
        """
        record: dict[str, Any] = {
            "chain": self.chain,
            kind: orjson.Fragment(entry),
            "previous_hash": self.hash,
            "sequence": self.sequence + 1,
            "time": _rfc3339(time_ns),
        }
        record["hash"] = digest = _sha256(_dump(record))
        line = orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
        return line, Head(self.chain, self.sequence + 1, digest)


def canonical(value: Any) -> bytes:
    """Return JSON in the canonical form of RFC 8785.

    Key order is that of UTF-8 rather than UTF-16, the same for the names that records have.

    Raises:
        RecordError: There is no such form, for instance of an integer beyond 64 bits.
    """
    try:
        return _dump(_whole_numbers(value))
    except TypeError as error:
        raise RecordError(str(error)) from None


def read_record(line: bytes) -> dict[str, Any]:
    """Read a line and check that it is whole: that its hash is the hash of what it says.

    Raises:
        RecordError: It is no record, or its hash is another.
    """
    try:
        record = json.loads(line, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"no JSON: {error}") from None
    if not isinstance(record, dict):
        raise RecordError("no JSON object")
    for name, kind in (
        ("chain", str),
        ("sequence", int),
        ("previous_hash", str),
        ("hash", str),
    ):
        if not isinstance(record.get(name), kind):
            raise RecordError(f"no record: {name} is missing or of the wrong type")
    content = {name: value for name, value in record.items() if name != "hash"}
    if _sha256(canonical(content)) != record["hash"]:
        raise RecordError("its hash is not that of its content")
    return record


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _rfc3339(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{_to_the_second(seconds)}.{fraction // 1000:06}Z"


@functools.lru_cache(maxsize=2)
def _to_the_second(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two values under one name readers take the first or the last, as they like.
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return dict(pairs)


def _whole_numbers(value: Any) -> Any:
    """The same value with 2.0 as 2, which RFC 8785 asks for."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(each) for each in value]
    return value
