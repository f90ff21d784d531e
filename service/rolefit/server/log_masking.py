"""Which parts of a decision its record leaves out or replaces by a keyed hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from rolefit.engine.vocabulary import contract_fields
from rolefit.engine.yaml_source import suggest

CALLER = "caller"
RULES_FIRED = "rules_fired"
NO_FACTS = frozenset((CALLER, RULES_FIRED))
"""What can be masked and is no field of the profile."""
_LEAST_KEY_BYTES = 16
_MOST_KEY_BYTES = hashlib.blake2b.MAX_KEY_SIZE
_HASH_BYTES = 32
_DROPPED = ""


class MaskingError(ValueError):
    """Settings that make no masking; `str()` is one line that names the flag."""


class Masking:
    """What is masked in every record.

    Args:
        drop: What is left out: paths of fields, the parts of a profile that hold them
            ("compensation" is all that is in it), "caller" or "rules_fired".
        hashed: What is replaced by a keyed hash, likewise. What is in both is left out.
        key: The key; None if nothing is hashed.

    Raises:
        MaskingError: A path leads to nothing, or the key is missing.
    """

    def __init__(
        self, drop: Iterable[str] = (), hashed: Iterable[str] = (), key: bytes | None = None
    ) -> None:
        hashed_paths = _expanded(hashed, "--decision-log-hash")
        dropped = _expanded(drop, "--decision-log-drop")
        if hashed_paths and key is None:
            raise MaskingError("--decision-log-hash needs --decision-log-key")
        self._key = key
        self._dropped = frozenset(dropped)
        self.paths = tuple(dict.fromkeys((*dropped, *hashed_paths)))

    def apply(self, values: dict[str, Any]) -> dict[str, str]:
        """Take what is masked out of `values`, by path; return the masks in their place."""
        masks: dict[str, str] = {}
        for path in self.paths:
            if path in values:
                value = values.pop(path)
                masks[path] = _DROPPED if path in self._dropped else self.hash(path, value)
        return masks

    def hash(self, path: str, value: object) -> str:
        """Return the keyed hash of a JSON value; that of another path is another."""
        assert self._key is not None
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        content = path.encode() + b"\0" + text
        # HMAC would say no more, and take ten times as long.
        return hashlib.blake2b(content, key=self._key, digest_size=_HASH_BYTES).hexdigest()


def read_key(file: Path | None) -> bytes | None:
    """Return the content of a key file, white space at its ends apart; None without one.

    Raises:
        MaskingError: It cannot be read, or has no length that a key can have.
    """
    if file is None:
        return None
    try:
        key = file.read_bytes().strip()
    except OSError as error:
        raise MaskingError(f"--decision-log-key {file}: {error.strerror}") from None
    if not _LEAST_KEY_BYTES <= len(key) <= _MOST_KEY_BYTES:
        raise MaskingError(
            f"--decision-log-key {file} must hold from {_LEAST_KEY_BYTES} to "
            f"{_MOST_KEY_BYTES} bytes, holds {len(key)}"
        )
    return key


def paths_of(text: str) -> tuple[str, ...]:
    """Split a setting: paths with commas between."""
    return tuple(path.strip() for path in text.split(",") if path.strip())


def _expanded(paths: Iterable[str], flag: str) -> list[str]:
    """Every field that the paths mean."""
    known: Mapping[str, object] = contract_fields()
    found: list[str] = []
    for path in paths:
        inside = [each for each in known if each == path or each.startswith(f"{path}.")]
        if path in NO_FACTS:
            inside = [path]
        if not inside:
            near = suggest(path, (*known, CALLER, RULES_FIRED))
            raise MaskingError(f"{flag}: the profile has no field '{path}'{near}")
        found += inside
    return found
