"""The `rolefit` command.

It reads its arguments with argparse and imports the rest when it is needed: a command that
takes half a second to start is one that people stop using, and typer, with the pydantic it
brings, is more than a quarter of that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from rolefit.client.ask_command import add_ask
from rolefit.client.bundled import example_names, example_summary
from rolefit.client.catalogue_commands import add_catalogue
from rolefit.client.command_line import (
    ANSWERED,
    EXIT_CODES,
    UNWRITTEN,
    Commands,
    Failure,
    example,
    help_formatter,
    words_last,
)
from rolefit.client.compare_command import add_compare
from rolefit.client.prep_command import add_prep
from rolefit.client.reach_command import add_reach
from rolefit.client.recommend_command import add_recommend
from rolefit.client.what_if_command import add_what_if

_INTRODUCTION = """\
Which path in machine learning fits a person, and why.

Answer a rolefit server's questions, or ask it about a profile, a YAML or JSON file:

    rolefit ask --save me.yaml
    rolefit recommend me.yaml

Leave out what nobody looked at. 0, false and [] mean: looked, and found none.

See what would have to change for a path, and what a change would do:

    rolefit reach research-scientist me.yaml
    rolefit what-if me.yaml top_tier_papers=3

See what the guide says, and which rules apply it:

    rolefit paths ml-engineer research-scientist
    rolefit explain RISK_NARROW_SEATS
"""


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: What follows the name of the command.

    Returns:
        The exit code.

    Raises:
        SystemExit: The arguments are bad, or help or the version was asked for.
    """
    parser, commands = _parser()
    parsed = parser.parse_args(words_last(arguments, commands.choices))
    # Text of a profile or a rule set may hold what the terminal's encoding does not.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        code: int = parsed.perform(parsed)
        sys.stdout.flush()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except BrokenPipeError:
        _drop_output()  # whoever reads has enough
        return ANSWERED
    except OSError as error:
        if error.filename is not None:  # standard output has none
            raise
        _drop_output()
        print(f"standard output: {error.strerror}", file=sys.stderr)
        return UNWRITTEN
    return code


def _drop_output() -> None:
    """Keep Python from flushing once more at exit, and complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> tuple[argparse.ArgumentParser, Commands[argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="rolefit",
        description=_INTRODUCTION,
        epilog=EXIT_CODES,
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "-V", "--version", action=_ShowVersion, help="show the version and exit"
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    add_ask(commands)
    add_recommend(commands)
    add_prep(commands)
    add_compare(commands)
    add_reach(commands)
    add_what_if(commands)
    _add_examples(commands)
    add_catalogue(commands)
    return parser, commands


def _add_examples(commands: Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "examples",
        help="list the bundled example profiles, or print one",
        description="List the bundled example profiles, or print the YAML of one.",
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the example to print")
    parser.set_defaults(perform=_examples)


class _ShowVersion(argparse.Action):
    """Looks the version up only when asked: that reads the installed metadata."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"rolefit {version('rolefit')}")
        parser.exit()


def _examples(parsed: argparse.Namespace) -> int:
    if parsed.name is not None:
        print(example(parsed.name), end="")
        return ANSWERED
    names = example_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:{width}}  {example_summary(name)}")
    return ANSWERED
