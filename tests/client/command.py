"""Runs the `rolefit` command in this process."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import pytest

from rolefit.client.cli import run


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """All that was printed as one line, so that line breaks do not matter."""
        return " ".join(self.stdout.split())


Rolefit = Callable[..., Done]


def runner(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Rolefit:
    """Makes what runs the command with some arguments and standard input."""

    def invoke(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        try:
            code = run(arguments)
        except SystemExit as left:
            code = cast(int, left.code)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    monkeypatch.delenv("ROLEFIT_SERVER", raising=False)
    monkeypatch.delenv("ROLEFIT_TOKEN", raising=False)
    return invoke
