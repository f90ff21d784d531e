"""Standard output as a place for records, which the workers of a server share.

A worker's own standard output is the pipe on which it reports to the supervisor; the server's
is handed down to it, with a file on which workers take turns, since a pipe keeps only short
writes in one piece.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rolefit.server.config import ServerConfig
from rolefit.server.log_files import StandardOutput

HERE = Path("-")
_own: tuple[int, int | None] = (1, None)


def inheritable(config: ServerConfig) -> tuple[int, ...]:
    """Return the descriptors that workers need: none if nothing is written there."""
    if config.decision_log != HERE:
        return ()
    with tempfile.TemporaryFile() as turns:
        return os.dup(1), os.dup(turns.fileno())


def adopt(descriptors: Sequence[int]) -> None:
    """Take what `inheritable` returned in the supervisor for this process's."""
    global _own
    if descriptors:
        _own = descriptors[0], descriptors[1]


def sink() -> StandardOutput:
    """Return where to write."""
    return StandardOutput(*_own)
