"""The command `rolefit ask`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING

from rolefit.client.command_line import (
    USAGE,
    Commands,
    Failure,
    add_command,
    code_for,
    connected,
    console,
    file_profile,
)
from rolefit.client.errors import RolefitError

if TYPE_CHECKING:
    from rolefit.client.interview import Interview, Interviewed
    from rolefit.v1.profile_pb2 import CandidateProfile

# Lines longer than this are hard to read, however wide the terminal.
_WIDEST = 100


def add_ask(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "ask",
        "ask you question after question until the path is clear",
        "Ask what decides most, one question at a time, until the path is certain.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="profile in YAML or JSON to begin with; what it says is not asked",
    )
    parser.add_argument(
        "--save",
        metavar="FILE",
        help="write the profile there at the end, without asking (.json: JSON, else YAML)",
    )
    parser.set_defaults(perform=_ask)


class _StandardStreams:
    """The terminal, or whatever is piped in."""

    def say(self, text: str) -> None:
        words = text.lstrip(" ")
        indent = " " * (len(text) - len(words))
        width = min(get_terminal_size().columns, _WIDEST)
        for line in words.split("\n"):
            print(fill(line, width, initial_indent=indent, subsequent_indent=indent))

    def read(self, prompt: str) -> str | None:
        try:
            line = input(prompt)
        except (EOFError, KeyboardInterrupt):  # Ctrl-C too keeps what was said
            print()
            return None
        if not sys.stdin.isatty():
            print(line)  # nobody typed it, so nothing shows it
        return line


def _ask(parsed: argparse.Namespace) -> int:
    from rolefit.client.interview import Interview
    from rolefit.client.profile import parse_profile
    from rolefit.client.report import print_short_report

    if parsed.file == "-":
        raise Failure("Standard input holds the answers; name a file for the profile.", USAGE)
    start = {} if parsed.file is None else file_profile(parsed.file)
    if parsed.save is not None:
        _refuse_unwritable(Path(parsed.save))
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    streams = _StandardStreams()
    with connected(parsed) as client:
        interview = Interview(client.recommend, streams)
        with _rescue(interview, parsed.save):
            held = interview.run(parse_profile(start))
    streams.say(f"\n{_ending(held)}\n")
    print_short_report(held.answer, console())
    streams.say(f"\n{_count(held)}")
    _save(held.profile, parsed.save, streams)
    return code_for(held.answer.path)


@contextmanager
def _rescue(interview: Interview, target: str | None) -> Iterator[None]:
    """Save what was answered if the server is lost on the way."""
    try:
        yield
    except RolefitError:
        if interview.answered is not None:
            print("\nThe server gives no answer any more.")
            _save(interview.answered, target, _StandardStreams())
        raise


def _ending(held: Interviewed) -> str:
    """Say why there are no more questions."""
    from rolefit.client.interview import Ending

    if held.ending is Ending.CERTAIN:
        return "The path is certain: nothing that is still unknown can change it."
    if held.ending is Ending.QUIT:
        return "Stopped. What is still unknown could change the path."
    if held.left_open:
        return "No questions are left but those you left open; they could change the path."
    return "No question is left that could change the path."


def _count(held: Interviewed) -> str:
    left_open = f", {held.left_open} of them left open" if held.left_open else ""
    return f"Questions asked: {held.asked}{left_open}."


def _refuse_unwritable(target: Path) -> None:
    """Find out before the questions rather than after them."""
    if target.is_dir():
        raise Failure(f"{target} is a folder; name a file to save to.", USAGE)
    if not target.parent.is_dir():
        raise Failure(f"There is no folder {target.parent} to save {target.name} in.", USAGE)


def _save(profile: CandidateProfile, target: str | None, streams: _StandardStreams) -> None:
    """Write the profile where the person wants it, if anywhere."""
    if target is not None:
        try:
            _write(profile, Path(target), streams)
        except OSError as error:
            raise Failure(f"{target}: {error.strerror}", USAGE) from None
        return
    while True:
        name = (streams.read("Save the profile to (nothing: do not save): ") or "").strip()
        if not name:
            streams.say("The profile is not saved.")
            return
        file = Path(name).expanduser()
        if file.exists() and not _may_replace(file, streams):
            continue
        try:
            _write(profile, file, streams)
        except OSError as error:
            streams.say(f"{name}: {error.strerror}")
            continue
        return


def _may_replace(file: Path, streams: _StandardStreams) -> bool:
    typed = streams.read(f"{file} is there already. Replace it? (y or n) ") or ""
    return typed.strip().casefold() in ("y", "yes")


def _write(profile: CandidateProfile, file: Path, streams: _StandardStreams) -> None:
    from rolefit.client.profile_writing import profile_text

    file.write_text(profile_text(profile, file.name), "utf-8")
    streams.say(f"Saved. The whole answer: rolefit recommend {file}")
