"""A rules folder as one value: read once, then checked and loaded elsewhere unchanged.

What was checked is then what every worker loads, whatever becomes of the folder meanwhile; a
worker that starts later gets it too; and nothing has to be copied to a disk. Free of the
engine and of grpc, for the supervisor.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Traversable

_FOLDERS = ("topics", "catalogue", "tests")
_SUFFIXES = (".yaml", ".yml")
_MOST_BYTES = 64 * 2**20
_TRIES = 5

Fingerprint = tuple[tuple[str, int, int, int, int], ...]
"""Name, inode, size, and times of last change of every file, by name."""


class FolderError(Exception):
    """The folder cannot be read; `str()` is one line that names it or the file."""


@dataclass(frozen=True)
class RulesBundle:
    """The files of a rules folder, its tests and properties among them.

    Attributes:
        data: A zip archive of them.
    """

    data: bytes

    def root(self) -> Any:
        """Return the folder, as a Traversable."""
        return zipfile.Path(zipfile.ZipFile(io.BytesIO(self.data)))

    def to_text(self) -> str:
        """Render it as one line, for another process."""
        return base64.b64encode(self.data).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> RulesBundle:
        """Read what `to_text` wrote."""
        return cls(base64.b64decode(text))


def read_bundle(directory: Path | None) -> RulesBundle:
    """Read a folder, or without one the rules in the package.

    Raises:
        FolderError: It is missing or cannot be read, or never stays as it is for long enough.
    """
    if directory is None:
        return _read(resources.files("rolefit.rules"))
    for _ in range(_TRIES):
        before = fingerprint(directory)
        bundle = _read(directory)
        if before == fingerprint(directory):
            return bundle
    raise FolderError(f"{directory}: the folder keeps changing while it is read")


def fingerprint(directory: Path) -> Fingerprint:
    """Return what changes whenever a file of the folder does; empty if there is no folder."""
    found = []
    try:
        for name, entry in _entries(directory):
            status = Path(str(entry)).stat()
            times = (status.st_mtime_ns, status.st_ctime_ns)
            found.append((name, status.st_ino, status.st_size, *times))
    except OSError:
        return ()  # on its way out or in
    return tuple(sorted(found))


def _read(root: Traversable) -> RulesBundle:
    if not root.is_dir():
        raise FolderError(f"{root}: there is no such rules folder")
    written = io.BytesIO()
    size = 0
    name = str(root)
    try:
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, entry in sorted(_entries(root), key=lambda each: each[0]):
                data = b"" if name.endswith("/") else entry.read_bytes()
                size += len(data)
                if size > _MOST_BYTES:
                    raise FolderError(f"{root}: more than {_MOST_BYTES} bytes of rules")
                # Without a date of its own, equal files make equal archives.
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise FolderError(f"{name}: cannot be read: {error}") from None
    return RulesBundle(written.getvalue())


def _entries(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Everything that the loader reads or complains about, by path from the root."""
    for entry in root.iterdir():
        if entry.name.endswith(_SUFFIXES):
            yield entry.name, entry
    for folder in _FOLDERS:
        if (root / folder).is_dir():
            for entry in (root / folder).iterdir():
                if entry.is_dir():
                    yield f"{folder}/{entry.name}/", entry
                elif entry.name.endswith(_SUFFIXES):
                    yield f"{folder}/{entry.name}", entry
