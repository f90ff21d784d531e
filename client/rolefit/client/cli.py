"""The `rolefit` command.

It reads its arguments with argparse and imports the rest when it is needed: a command that
takes half a second to start is one that people stop using, and typer, with the pydantic it
brings, is more than a quarter of that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import cast

from rolefit.client.answer import Answer
from rolefit.client.bundled import example_names, example_summary, example_text
from rolefit.client.client import Client
from rolefit.client.errors import (
    DeadlineExceeded,
    InvalidProfile,
    RolefitError,
    ServerUnavailable,
)
from rolefit.client.field_value import did_you_mean
from rolefit.client.options import (
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT,
    RetryPolicy,
    checked_timeout,
)
from rolefit.client.vocabulary import Path

ANSWERED, USAGE, UNDETERMINED, UNREACHABLE, SERVER_ERROR = 0, 2, 3, 4, 5

# A person at a terminal would rather hear at once that nothing listens.
_RETRY = RetryPolicy(max_attempts=3)

_INTRODUCTION = """\
Which path in machine learning fits a person, and why.

Ask a rolefit server about a profile, a YAML or JSON file:

    rolefit examples clear-engineer > me.yaml
    rolefit recommend me.yaml

Leave out what nobody looked at. 0, false and [] mean: looked, and found none.
"""

_EXIT_CODES = """\
exit codes:
  0  answered with a path
  2  bad usage or a profile that is not valid
  3  answered, but the profile cannot decide
  4  the server cannot be reached or did not answer in time
  5  any other error of the server
"""


class _Failure(Exception):  # noqa: N818
    """Why the command ends without an answer, and with which exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: What follows the name of the command.

    Returns:
        The exit code.

    Raises:
        SystemExit: The arguments are bad, or help or the version was asked for.
    """
    parsed = _parser().parse_args(arguments)
    # Text of a profile or a rule set may hold what the terminal's encoding does not.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        return _recommend(parsed) if parsed.command == "recommend" else _examples(parsed)
    except _Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rolefit",
        description=_INTRODUCTION,
        epilog=_EXIT_CODES,
        formatter_class=_help_formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-V", "--version", action=_ShowVersion, help="show the version and exit"
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    _add_recommend(commands)
    examples = commands.add_parser(
        "examples",
        help="list the bundled example profiles, or print one",
        description="List the bundled example profiles, or print the YAML of one.",
        allow_abbrev=False,
    )
    examples.add_argument("name", nargs="?", metavar="NAME", help="the example to print")
    return parser


def _add_recommend(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "recommend",
        help="say which path fits a person, and why",
        description="Say which path fits the person of a profile, and why.",
        epilog=_EXIT_CODES,
        formatter_class=_help_formatter,
        allow_abbrev=False,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", nargs="?", metavar="FILE", help="profile in YAML or JSON; - is standard input"
    )
    source.add_argument("--example", metavar="NAME", help="take a bundled example instead")
    parser.add_argument(
        "--server",
        metavar="HOST:PORT",
        default=os.environ.get("ROLEFIT_SERVER") or DEFAULT_SERVER,
        help=f"server to ask (default: $ROLEFIT_SERVER, else {DEFAULT_SERVER})",
    )
    parser.add_argument(
        "--view",
        choices=("basic", "standard", "full"),
        default="standard",
        help="how much to ask for; full adds a trace, seen with --json (default: standard)",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        help=f"longest wait, in seconds (default: {DEFAULT_TIMEOUT:g})",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as proto JSON")


class _ShowVersion(argparse.Action):
    """Looks the version up only when asked: that reads the installed metadata."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"rolefit {version('rolefit')}")
        parser.exit()


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=23)


def _seconds(text: str) -> float:
    try:
        return checked_timeout(float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds") from None


def _recommend(parsed: argparse.Namespace) -> int:
    profile = _profile(parsed.file, parsed.example)
    try:
        with Client(parsed.server, timeout=parsed.timeout, retry=_RETRY) as client:
            answer = client.recommend(profile, view=parsed.view)
    except InvalidProfile as error:
        lines = "\n".join(f"  {violation}" for violation in error.violations)
        raise _Failure(f"The profile is not valid:\n{lines}", USAGE) from None
    except (ServerUnavailable, DeadlineExceeded) as error:
        raise _Failure(str(error), UNREACHABLE) from None
    except RolefitError as error:
        raise _Failure(str(error), SERVER_ERROR) from None
    _print(answer, as_json=parsed.json)
    return UNDETERMINED if answer.path is Path.UNDETERMINED else ANSWERED


def _examples(parsed: argparse.Namespace) -> int:
    if parsed.name is not None:
        print(_example(parsed.name), end="")
        return ANSWERED
    names = example_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {example_summary(name)}")
    return ANSWERED


def _profile(file: str, example: str | None) -> Mapping[str, object] | str:
    from rolefit.client.profile_file import (
        UnreadableProfileError,
        read_profile_file,
        read_yaml,
    )

    try:
        if example is None:
            value = read_profile_file(file)
        else:
            value = read_yaml(_example(example), example)
    except UnreadableProfileError as error:
        raise _Failure(str(error), USAGE) from None
    # Whatever a file holds, the parser of profiles says what is wrong with it.
    return cast("Mapping[str, object] | str", value)


def _example(name: str) -> str:
    try:
        return example_text(name)
    except KeyError:
        known = example_names()
        hint = did_you_mean(name, known)
        message = f"There is no example {name!r}; there are {', '.join(known)}{hint}"
        raise _Failure(message, USAGE) from None


def _print(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        from google.protobuf.json_format import MessageToJson

        print(MessageToJson(answer.message, ensure_ascii=False))
        return
    from rich.console import Console

    from rolefit.client.report import print_report

    print_report(answer, Console(highlight=False))
