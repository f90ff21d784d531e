"""Real server processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "rolefit.server")
# Far more than anything takes that works: only what fails waits as long.
PATIENCE_SECONDS = 90.0


def eventually(
    condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS
) -> Any:
    """Polls until `condition` returns something true, and returns that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of its own or a developer's."""
    ours = ("ROLEFIT_", "GRPC_VERBOSITY")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return {**kept, **more}


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `rolefit-server` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class ServerProcess:
    """`rolefit-server serve` on a free port of 127.0.0.1, which serves once this returns."""

    def __init__(
        self,
        folder: Path,
        *flags: str,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.port_file = folder / "port"
        self._stderr = folder / "stderr"
        with self._stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                [*command, "serve", "--port", "0", "--port-file", self.port_file, *flags],
                stderr=stderr,
                env=clean_environment(**(environment or {})),
            )
        try:
            eventually(
                lambda: self.port_file.exists() or self.process.poll() is not None,
                "a port file",
            )
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise
        assert self.process.poll() is None, self.stderr
        self.port = int(self.port_file.read_text())

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of that event."""
        whole = (line for line in self.stderr.splitlines(keepends=True) if line[-1] == "\n")
        lines = [json.loads(line) for line in whole if line[0] == "{"]
        return [line for line in lines if line["event"] == name]

    def wait_for_events(self, name: str, count: int) -> None:
        """Wait until that many such lines have been logged."""
        eventually(lambda: len(self.events(name)) >= count, f"{count} times {name!r}")

    @property
    def worker_pids(self) -> list[int]:
        """The workers there were at the start."""
        self.wait_for_events("serving", 1)
        pids: list[int] = self.events("serving")[0]["worker_pids"]
        return pids

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Waits for its end; returns the exit code."""
        return self.process.wait(PATIENCE_SECONDS)

    def stop(self) -> None:
        """Stops it in a hurry, if it still runs."""
        if self.process.poll() is None:
            # A test that failed may have left some of them stopped.
            for pid in (self.process.pid, *children(self.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            self.signal(signal.SIGINT)
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def alive(pid: int) -> bool:
    """Says whether the process runs; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # the latter if it goes meanwhile
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """The living child processes of `pid`."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in listed if alive(int(child))]
