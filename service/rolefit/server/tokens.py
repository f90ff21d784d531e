"""Bearer tokens from a file, which holds their names and hashes.

A token is 256 bits from the system's source of randomness. Nobody finds it by trying, with
however fast a hash, so SHA-256 keeps it as safe as a slow password hash would, and costs a
call a microsecond instead of a tenth of a second.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from rolefit.server.watched_files import FileError

_PREFIX = "rolefit_"
"""So that people and secret scanners know one when they see it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/-]{0,63}")
_LINE = re.compile(rf"({_NAME.pattern})[ \t]+sha256:([0-9a-f]{{64}})")
NAME_RULE = "a name has 1 to 64 letters, digits or . _ @ / - and begins with a letter or digit"


class InvalidToken(Exception):  # noqa: N818 - a verdict, no fault
    """A token that will not do; `str()` says why, in words that hold nothing of it."""


def new_token(name: str) -> tuple[str, str]:
    """Make a token.

    Args:
        name: Whose it is, as logs and limits show it.

    Returns:
        The token, and the line for the tokens file.

    Raises:
        ValueError: The name will not do.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(NAME_RULE)
    token = _PREFIX + secrets.token_urlsafe(32)
    return token, f"{name} sha256:{hashlib.sha256(token.encode()).hexdigest()}"


class Tokens:
    """The tokens accepted.

    How long a look-up takes tells a caller nothing: it goes by a hash under a key that only
    this process knows, and the hash found is compared in constant time.
    """

    def __init__(self, names: dict[bytes, str]) -> None:
        self._key = secrets.token_bytes(32)
        self._entries = {self._blind(each): (each, name) for each, name in names.items()}

    def __len__(self) -> int:
        return len(self._entries)

    def name_of(self, token: str) -> str:
        """Return whose token it is.

        Raises:
            InvalidToken: It is not among them.
        """
        digest = hashlib.sha256(token.encode()).digest()
        known, name = self._entries.get(self._blind(digest), (bytes(32), ""))
        if not hmac.compare_digest(known, digest):
            raise InvalidToken("unknown token")
        return name

    def _blind(self, digest: bytes) -> bytes:
        return hashlib.blake2b(digest, key=self._key, digest_size=16).digest()


def read_tokens(path: Path, content: bytes) -> Tokens:
    """Read a tokens file: a name and a hash on each line, `#` begins a comment.

    A name may have several tokens, so that one can be replaced without a gap.

    Raises:
        FileError: A line is something else, or two names share a token.
    """
    names: dict[bytes, str] = {}
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise FileError(path, "not text in UTF-8") from None
    for number, text in enumerate(lines, 1):
        line = text.partition("#")[0].strip()
        if not line:
            continue
        parts = _LINE.fullmatch(line)
        if parts is None:
            # The line stays unquoted: it may hold a token by mistake.
            raise FileError(path, f"line {number} is not NAME sha256:64-HEX-DIGITS")
        name, digest = parts[1], bytes.fromhex(parts[2])
        if names.setdefault(digest, name) != name:
            raise FileError(path, f"line {number} repeats the token of another name")
    return Tokens(names)
