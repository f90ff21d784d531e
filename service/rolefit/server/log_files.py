"""Where decision logs are written: files that rotate, or standard output."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from pathlib import Path
from typing import Any, Protocol

from rolefit.server.log_chain import Head, RecordError, read_record

_MOST_WORKERS = 4_096
_LONGEST_LINE = 2**20
_OWNER_ONLY = 0o600


class Sink(Protocol):
    """Takes lines in order."""

    def write(self, lines: bytes, first: int) -> None:
        """Write whole lines, or none of them.

        Args:
            lines: Whole lines. After an error the same ones come again, and nothing else.
            first: Sequence of the first.

        Raises:
            OSError: They are not written, or not all of them yet.
        """

    def close(self) -> None:
        """Let go of the place."""


class LogFolder:
    """One worker's place in a folder: a live file, and those that it filled before.

    The first number that no other process holds, `decisions-0.jsonl` and so on: a worker that
    replaces another goes on with its chain, without being told which one that was.

    Args:
        folder: Is made if it is not there.
        max_bytes: Size that a file does not pass, unless a single write does.
        keep: How many full files to keep.
        durable: Have the disk confirm every write.

    Attributes:
        worker: The number.
        live: The file being written.

    Raises:
        OSError: The folder cannot be made or written.
    """

    def __init__(self, folder: Path, max_bytes: int, keep: int, durable: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._max_bytes = max_bytes
        self._keep = keep
        self._durable = durable
        self.worker, self._lock = _claim(folder)
        self.live = folder / f"decisions-{self.worker}.jsonl"
        self._file: int | None = None
        self._size = 0
        self._first: int | None = None

    def full_files(self) -> list[Path]:
        """Return the full files, oldest first: their names hold the first sequence."""
        return sorted(self._folder.glob(f"decisions-{self.worker}.[0-9]*.jsonl"))

    def resume(self) -> tuple[Head, bool]:
        """Return the end of the chain in these files, and whether it ended in order.

        A last line that was cut off is taken away. If the chain cannot be gone on with, all of
        its files are set aside, and a new one begins.
        """
        if self.live.is_file():
            _cut_torn_line(self.live)
        for file in (self.live, *reversed(self.full_files())):
            if not file.is_file() or file.stat().st_size == 0:
                continue
            try:
                record = _last_record(file)
                if file == self.live:
                    self._first = _first_sequence(file)
            except RecordError:
                for each in (self.live, *self.full_files()):
                    if each.is_file():
                        each.rename(f"{each}.broken-{time.time_ns()}")
                return Head.new(), False
            return Head.after(record), "stop" in record
        return Head.new(), True

    def write(self, lines: bytes, first: int) -> None:
        """See `Sink`."""
        if self._file is not None and self._size and self._size + len(lines) > self._max_bytes:
            self._turn_over()
        if self._file is None:
            self._open()
        assert self._file is not None
        if not self._size or self._first is None:
            self._first = first
        try:
            _write_all(self._file, lines)
            if self._durable:
                os.fsync(self._file)
        except OSError:
            # A part may be there, and readers take lines for whole.
            if stat.S_ISREG(os.fstat(self._file).st_mode):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(lines)

    def close(self) -> None:
        """See `Sink`."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        os.close(self._lock)

    def _open(self) -> None:
        for file in self.full_files()[: -self._keep]:
            file.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self.live, flags, _OWNER_ONLY)
        self._size = os.fstat(self._file).st_size

    def _turn_over(self) -> None:
        assert self._file is not None
        self.live.rename(self._folder / f"decisions-{self.worker}.{self._first:020}.jsonl")
        os.close(self._file)
        self._file = None


class StandardOutput:
    """Standard output, which workers share.

    Args:
        file: Its descriptor.
        lock: Descriptor of a file on which those who share it take turns; None if nobody
            does.
    """

    worker = 0

    def __init__(self, file: int, lock: int | None = None) -> None:
        self._file = file
        self._lock = lock
        self._written = 0

    def write(self, lines: bytes, first: int) -> None:
        """See `Sink`. What is written cannot be taken back: the rest comes with the retry."""
        if self._lock is not None:
            fcntl.lockf(self._lock, fcntl.LOCK_EX)
        while self._written < len(lines):
            self._written += os.write(self._file, lines[self._written :])
        self._written = 0
        # Held over an error: another worker's line must not get into the middle of this one.
        if self._lock is not None:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """See `Sink`; standard output stays open."""


def _write_all(file: int, lines: bytes) -> None:
    written = 0
    while written < len(lines):
        written += os.write(file, lines[written:])


def _claim(folder: Path) -> tuple[int, int]:
    for worker in range(_MOST_WORKERS):
        lock = os.open(
            folder / f"decisions-{worker}.lock",
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
            _OWNER_ONLY,
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return worker, lock
    raise OSError(None, "all places are taken", str(folder))


def _cut_torn_line(file: Path) -> None:
    with file.open("rb+") as opened:
        size = opened.seek(0, os.SEEK_END)
        start = max(0, size - _LONGEST_LINE)
        opened.seek(start)
        tail = opened.read()
        if tail and not tail.endswith(b"\n"):
            opened.truncate(start + tail.rfind(b"\n") + 1)


def _last_record(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _LONGEST_LINE))
        return read_record(opened.read().splitlines()[-1])


def _first_sequence(file: Path) -> int:
    with file.open("rb") as opened:
        sequence: int = read_record(opened.readline())["sequence"]
    return sequence
