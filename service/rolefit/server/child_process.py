"""A child process of the supervisor, with its pipes: JSON lines in and out."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

_LONGEST_LINE = 2**24

_C = TypeVar("_C", bound="ChildProcess")


class ChildProcess:
    """A fresh interpreter that runs a module.

    By `subprocess` rather than `multiprocessing`: nothing of this process leaks into it, no
    helper process or thread is needed, and its two pipes are all the contact there is.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def spawn(cls: type[_C], module: str, pass_fds: Sequence[int] = ()) -> _C:
        """Start `python -m module`, with some open files of this process."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C at a terminal reaches this process alone, which passes it on once.
            start_new_session=True,
            limit=_LONGEST_LINE,
            pass_fds=pass_fds,
        )
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    def send(self, order: dict[str, Any]) -> None:
        """Write a line to it; if it is gone, nothing happens."""
        assert self.process.stdin is not None
        if self.alive and not self.process.stdin.is_closing():
            self.process.stdin.write(json.dumps(order).encode() + b"\n")

    async def reports(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what it writes, until it ends."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            if line.endswith(b"\n"):  # or it died in the middle of one
                yield json.loads(line)

    def kill(self) -> None:
        """End it at once."""
        if self.alive:
            self.process.kill()
