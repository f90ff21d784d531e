"""Files that are read again when they change, while the server serves."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from rolefit.server import log

_POLL_SECONDS = 1.0

_T = TypeVar("_T")


class FileError(Exception):
    """A file cannot be used; `str()` is one line that names it and the reason."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


class WatchedFiles(Generic[_T]):
    """What was made from some files; made again when one of them has changed.

    Files that belong together, such as a key and its certificate, change one after the
    other. So files that make nothing leave what was there, and are tried again as soon as
    one of them changes; each such state is logged once.

    Args:
        paths: The files.
        make: Makes something of their contents, in the same order; raises FileError.

    Attributes:
        current: What was made of them last.

    Raises:
        FileError: Nothing can be made of them as they are.
    """

    def __init__(self, paths: Sequence[Path], make: Callable[[Sequence[bytes]], _T]) -> None:
        self._paths = tuple(paths)
        self._make = make
        self._seen = self._state()
        self.current = self._read()

    def refresh(self) -> None:
        """Look whether a file has changed; it does not raise."""
        # Noted before reading: what changes during that is seen to differ the next time.
        state = self._state()
        if state == self._seen:
            return
        self._seen = state
        names = [str(path) for path in self._paths]
        try:
            self.current = self._read()
        except FileError as error:
            log.logger().error(
                "changed files cannot be used; going on with the last good ones",
                cause=str(error),
                files=names,
            )
        except Exception:
            log.logger().exception("changed files cannot be used", files=names)
        else:
            log.logger().info("changed files are in use", files=names)

    def _read(self) -> _T:
        contents = []
        for path in self._paths:
            try:
                contents.append(path.read_bytes())
            except OSError as error:
                raise FileError(path, (error.strerror or str(error)).lower()) from None
        return self._make(contents)

    def _state(self) -> tuple[object, ...]:
        return tuple(_state(path) for path in self._paths)


async def keep_fresh(watched: Sequence[WatchedFiles[Any]]) -> None:
    """Refresh them every second, until cancelled."""
    while watched:
        await asyncio.sleep(_POLL_SECONDS)
        for each in watched:
            # Elsewhere, since a file may be large and its disk slow.
            await asyncio.to_thread(each.refresh)


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev)
