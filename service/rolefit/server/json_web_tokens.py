"""JSON Web Tokens, checked against the public keys in a local JWKS file."""

import hashlib
import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from rolefit.server.tokens import InvalidToken
from rolefit.server.watched_files import FileError

_ALGORITHMS = ("EdDSA", "ES256", "ES384", "PS256", "RS256")
"""Signatures with a public key only. An algorithm never comes from the token: each key has
its own, so that neither `none` nor a public key taken for a shared secret gets anywhere."""
_PRIVATE_PARTS = ("d", "p", "q", "k")
_LEAST_RSA_BITS = 2048
_REQUIRED = ["exp", "iss", "aud", "sub"]
_LONGEST_NAME = 256
_MOST_REMEMBERED = 1_024


class JsonWebTokens:
    """Checks tokens; those found good are remembered until they expire.

    Args:
        keys: Public keys by `kid`.
        issuer: What `iss` must be.
        audience: What `aud` must be or hold.
        leeway_seconds: By how much `exp`, `nbf` and `iat` may be off.
    """

    def __init__(
        self, keys: dict[str, jwt.PyJWK], issuer: str, audience: str, leeway_seconds: float
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway_seconds
        # By hash, so that no token stays in memory: its name, and when it expires.
        self._good: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def name_of(self, token: str) -> str:
        """Return whose token it is: its `sub`.

        Raises:
            InvalidToken: It is malformed, badly signed, not valid now or not for us.
        """
        digest = hashlib.sha256(token.encode()).digest()
        name, ends = self._good.get(digest, ("", 0.0))
        if ends > time.time():
            self._good.move_to_end(digest)
            return name
        self._good.pop(digest, None)
        name, ends = self._check(token)
        self._good[digest] = (name, ends)
        if len(self._good) > _MOST_REMEMBERED:
            self._good.popitem(last=False)
        return name

    def _check(self, token: str) -> tuple[str, float]:
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise InvalidToken("its key is not in the JWKS file")
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": _REQUIRED},
            )
            ends = float(claims["exp"]) + self._leeway
        except InvalidToken:
            raise
        except jwt.PyJWTError as error:
            raise InvalidToken(type(error).__name__) from None
        except Exception:
            # Such as a number too large for a clock. It is the caller's fault, not ours.
            raise InvalidToken("malformed JSON Web Token") from None
        name = claims["sub"]
        if not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
            raise InvalidToken("its sub is empty, too long or not printable")
        return name, ends


def read_keys(path: Path, content: bytes) -> dict[str, jwt.PyJWK]:
    """Read the keys for signatures in a JWKS file, by `kid`.

    Raises:
        FileError: It is no JWKS, holds a secret, or has no key that can be used.
    """
    try:
        entries = json.loads(content)["keys"]
    except (ValueError, KeyError, TypeError):
        raise FileError(path, 'not a JWKS: a JSON object with "keys"') from None
    if not isinstance(entries, list):
        raise FileError(path, '"keys" is not a list')
    keys: dict[str, jwt.PyJWK] = {}
    for number, entry in enumerate(entries, 1):
        key = _key(path, number, entry)
        if key is None:
            continue
        if key.key_id in keys:
            raise FileError(path, f"key {number} repeats a kid")
        keys[str(key.key_id)] = key
    if not keys:
        raise FileError(path, f"has no key for signatures with {', '.join(_ALGORITHMS)}")
    return keys


def _key(path: Path, number: int, entry: Any) -> jwt.PyJWK | None:
    """Return a key, or None if it is meant for something else than we need."""
    if not isinstance(entry, dict):
        raise FileError(path, f"key {number} is not a JSON object")
    if any(part in entry for part in _PRIVATE_PARTS):
        raise FileError(path, f"key {number} is secret; only public keys belong here")
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(entry)
    except jwt.PyJWTError:
        # Such as an algorithm that PyJWT does not know. Its text quotes the key.
        return None
    if key.algorithm_name not in _ALGORITHMS:
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < _LEAST_RSA_BITS:
        raise FileError(path, f"key {number} has fewer than {_LEAST_RSA_BITS} bits")
    if not isinstance(key.key_id, str) or not key.key_id:
        raise FileError(path, f"key {number} has no kid")
    return key
