"""The command `rolefit what-if`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from rolefit.client.assignment import Assignment, apply_all, read_assignments
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
    field_named,
    file_profile,
    print_json,
)
from rolefit.client.errors import InvalidProfile, Violation
from rolefit.client.field_value import UnfitError
from rolefit.client.profile import parse_profile

_USAGE = "rolefit what-if [OPTIONS] (FILE | --example NAME) FIELD=VALUE ... [--unset FIELD]"
_DESCRIPTION = """\
Change a profile, for this call alone, and say what changes in the answer.

    rolefit what-if me.yaml top_tier_papers=3 phd_status=in-progress
    rolefit what-if me.yaml goals.motives=curiosity,safety --unset level

A field goes by its path or the last part of it. Values are what `rolefit ask` takes: a
number, y or n, a word, words with commas between, or none.
"""


def add_what_if(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "what-if", "change a profile and say what changes in the answer", _DESCRIPTION
    )
    parser.usage = _USAGE
    parser.add_argument(
        "words",
        nargs="*",
        metavar="FILE FIELD=VALUE",
        help="profile in YAML or JSON, - is standard input; then what to change in it",
    )
    parser.add_argument("--example", metavar="NAME", help="take a bundled example instead")
    parser.add_argument(
        "--unset",
        metavar="FIELD",
        type=field_named,
        action="append",
        default=[],
        help="take the value of a field away, as if nobody had looked; may come again",
    )
    add_json(parser)
    parser.set_defaults(perform=_what_if)


def _what_if(parsed: argparse.Namespace) -> int:
    profile, words = _given(parsed)
    try:
        assignments = read_assignments(words)
        assignments += [Assignment(field, None) for field in parsed.unset]
        if not assignments:
            raise UnfitError("Say what to change: FIELD=VALUE or --unset FIELD.")
        with connected(parsed) as client:
            now = parse_profile(profile)
            try:
                compared = client.compare(now, apply_all(assignments, now))
            except InvalidProfile as invalid:
                raise _of_one_profile(invalid) from None
    except UnfitError as unfit:
        raise Failure(str(unfit), USAGE) from None
    if parsed.json:
        print_json(compared.message)
    else:
        from rolefit.client.comparison_report import NOW_AND_THEN, print_comparison

        print_comparison(compared, console(), NOW_AND_THEN)
    return ANSWERED


def _given(parsed: argparse.Namespace) -> tuple[Mapping[str, object] | str, list[str]]:
    """Read the profile, and return it with the words that say what to change."""
    words = list(parsed.words)
    if parsed.example is not None:
        return example_profile(parsed.example), words
    if not words:
        raise Failure("Name a profile: a file, - or --example NAME.", USAGE)
    if "=" in words[0]:
        raise Failure(f"Name a profile before {words[0]}: a file, - or --example NAME.", USAGE)
    return file_profile(words[0]), words[1:]


def _of_one_profile(invalid: InvalidProfile) -> InvalidProfile:
    """Name each bad field once: the two profiles sent are one in the eyes of the person."""
    fields = {
        f"profile.{each.field.partition('.')[2]}": each.description
        for each in invalid.violations
    }
    return InvalidProfile([Violation(*each) for each in fields.items()], code=invalid.code)
