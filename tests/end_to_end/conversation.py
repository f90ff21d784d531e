"""Talks to `rolefit ask` through its standard input and output, as a person would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.server.processes import clean_environment

COMMAND = (sys.executable, "-m", "rolefit.client")


def rolefit(
    *arguments: str, port: int, folder: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(port),
        timeout=60,
        check=False,
    )


def environment(port: int) -> dict[str, str]:
    """An environment in which the command finds the server and has room to print."""
    return clean_environment(ROLEFIT_SERVER=f"localhost:{port}", COLUMNS="100")


class Conversation:
    """One run of `rolefit ask` in which a reply answers every prompt."""

    def __init__(
        self, *arguments: str, port: int, folder: Path, reply: Callable[[str], str | None]
    ) -> None:
        """Talks until the command ends.

        Args:
            arguments: Those of `rolefit ask`.
            port: The server's.
            folder: Where the command runs.
            reply: What is typed, given what was printed since the last prompt as one line;
                None ends the input.
        """
        process = subprocess.Popen(
            [*COMMAND, "ask", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(port),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        printed, since = b"", b""
        while read := process.stdout.read(1):
            since += read
            if since.endswith((b") > ", b"do not save): ", b"(y or n) ")):
                typed = reply(" ".join(since.decode().split()))
                if typed is None:
                    process.stdin.close()
                else:
                    process.stdin.write(f"{typed}\n".encode())
                    process.stdin.flush()
                printed, since = printed + since, b""
        self.printed = (printed + since).decode()
        self.code = process.wait(60)
        assert process.stderr is not None
        self.stderr = process.stderr.read().decode()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    @property
    def words(self) -> str:
        """All that was printed as one line, so that line breaks do not matter."""
        return " ".join(self.printed.split())
