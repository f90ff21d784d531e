"""Where faults happen: servers, load, and the figures of what came of it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.server.processes import ServerProcess, eventually

from .load import Load


@dataclass(frozen=True)
class Figures:
    """A fault and what came of the calls beside it.

    Attributes:
        load: What the callers did.
        sent: Calls made with the bundled client.
        answered: Calls that brought the right answer.
        retried: Attempts beyond the first of a call, all hidden by the client.
        refused: Times that the server named a time to try again, and the caller did.
        wrong: Calls that brought a wrong answer.
        lost: Calls that failed.
        recovery: Seconds that the caller worst hit waited for an answer, from the fault on;
            None where the fault has no moment of its own.
        longest: Seconds that the longest call took, retries included.
        failures: Why the first of the lost calls failed.
    """

    load: str
    sent: int
    answered: int
    retried: int
    refused: int
    wrong: int
    lost: int
    recovery: float | None
    longest: float
    failures: tuple[str, ...]


class Arena:
    """Starts servers and load, and stops the servers in the end.

    Args:
        cases: File of profiles and answers.
        scale: How much more than a test there is to do.
    """

    def __init__(self, cases: Path, scale: int = 1) -> None:
        self.cases = cases
        self.scale = scale
        self._folder = tempfile.TemporaryDirectory(prefix="rolefit-faults-")
        self._started: list[ServerProcess] = []

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._started:
            each.stop()
        self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """A folder for files."""
        return Path(self._folder.name)

    def start(self, *flags: str, **environment: str) -> ServerProcess:
        """Starts a server."""
        folder = self.folder / str(len(self._started))
        folder.mkdir(exist_ok=True)
        started = ServerProcess(folder, *flags, environment=environment)
        self._started.append(started)
        return started

    def restart(self, old: ServerProcess, *flags: str) -> ServerProcess:
        """Starts a server on the port of one that ended, as an init system would."""

        def started() -> ServerProcess | None:
            # Its workers may still be on their way out.
            with contextlib.suppress(AssertionError):
                return self.start("--port", str(old.port), *flags)
            return None

        server: ServerProcess = eventually(started, "a server on the same port")
        return server

    def load(self, *servers: ServerProcess, **options: Any) -> Load:
        """Load on these servers."""
        return Load(self.cases, *(server.port for server in servers), **options)


def figures(load: Load, faults: list[float] | None = None) -> Figures:
    """The figures of a load that has ended.

    Args:
        load: The load.
        faults: When something happened, by `load.now`.
    """
    report = load.report
    return Figures(
        load=load.description,
        sent=report.sent,
        answered=report.answered,
        retried=load.retried,
        refused=report.refused,
        wrong=report.wrong,
        lost=report.lost,
        recovery=load.recovery(faults) if faults else None,
        longest=load.longest_call,
        failures=tuple(report.failures),
    )


Fault = Callable[[Arena], Figures]
