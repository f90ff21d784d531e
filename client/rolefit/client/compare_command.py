"""The command `rolefit compare`."""

from __future__ import annotations

import argparse

from rolefit.client.command_line import (
    ANSWERED,
    USAGE,
    Commands,
    Failure,
    add_command,
    add_json,
    connected,
    console,
    example_profile,
    file_profile,
    print_json,
)
from rolefit.client.errors import InvalidProfile, Violation


def add_compare(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "compare",
        "say what lies between two people, or one person at two dates",
        "Say what lies between two profiles: two people, or one person at two dates.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="profile in YAML or JSON; - is standard input. Two in all, examples included",
    )
    parser.add_argument(
        "--example",
        metavar="NAME",
        dest="examples",
        action="append",
        default=[],
        help="take a bundled example, after the files; may come twice",
    )
    add_json(parser)
    parser.set_defaults(perform=_compare)


def _of_file(violation: Violation, shown: dict[str, str]) -> Violation:
    """Put the name of the file in the place of what the request calls the profile."""
    side, _, field = violation.field.partition(".")
    file = shown.get(side, side)
    return Violation(f"{file}: {field}" if field else file, violation.description)


def _compare(parsed: argparse.Namespace) -> int:
    files, examples = parsed.files, parsed.examples
    if len(files) + len(examples) != 2:
        raise Failure("Name two profiles to compare: two files or examples.", USAGE)
    if files.count("-") > 1:
        raise Failure("Standard input holds one profile; name a file for the other.", USAGE)
    a, b = [*map(file_profile, files), *map(example_profile, examples)]
    with connected(parsed) as client:
        try:
            compared = client.compare(a, b)
        except InvalidProfile as error:
            shown = dict(zip("ab", [*files, *examples], strict=True))
            raise InvalidProfile([_of_file(each, shown) for each in error.violations]) from None
    if parsed.json:
        print_json(compared.message)
    else:
        from rolefit.client.comparison_report import print_comparison

        print_comparison(compared, console())
    return ANSWERED
