"""The command `rolefit reach`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from google.protobuf.descriptor import FieldDescriptor

from rolefit.client.change_limits import MEASURED_EFFORTS
from rolefit.client.command_line import (
    ANSWERED,
    PATH_NAMES,
    UNDETERMINED,
    Commands,
    add_command,
    add_json,
    add_source,
    connected,
    console,
    field_named,
    given_profile,
    path_named,
    print_json,
)
from rolefit.client.vocabulary import ChangeGoal, ChangeOutcome, Effort
from rolefit.v1 import constraints_pb2
from rolefit.v1.change_pb2 import ChangeLimits

_DESCRIPTION = """\
Say what would have to change for a path: the smallest changes that make it the
recommendation, or with --open, that let you enter it now. Each was put to the rules.

    rolefit reach research-scientist me.yaml
    rolefit reach ml-engineer me.yaml --within months --keep target.country
"""
_WITHIN = {effort.lower(): effort for effort in MEASURED_EFFORTS}


def add_reach(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "reach", "say what would have to change for a path", _DESCRIPTION
    )
    parser.add_argument(
        "path",
        metavar="PATH",
        type=path_named,
        help=f"the path to reach: {', '.join(PATH_NAMES)}",
    )
    add_source(parser)
    parser.add_argument(
        "--open",
        dest="goal",
        action="store_const",
        const=ChangeGoal.OPEN,
        default=ChangeGoal.RECOMMENDED,
        help="be able to enter the path now, recommended or not",
    )
    _add_limits(parser)
    add_json(parser)
    parser.set_defaults(perform=_reach)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--within",
        choices=tuple(_WITHIN),
        default="years",
        help="the most work that one field may take (default: years)",
    )
    parser.add_argument(
        "--keep",
        metavar="FIELD",
        type=field_named,
        action="append",
        default=[],
        help="a field that stays as it is, such as top_tier_papers; may come again",
    )
    parser.add_argument(
        "--wishes",
        action="store_true",
        help="let wishes and tastes that the profile gives change too",
    )
    parser.add_argument(
        "--max",
        metavar="N",
        dest="max_changes",
        type=_count("max_changes"),
        help="most changes to show (default: 5)",
    )
    parser.add_argument(
        "--max-fields",
        metavar="N",
        type=_count("max_fields"),
        help="most fields that one change may touch",
    )


def _reach(parsed: argparse.Namespace) -> int:
    profile = given_profile(parsed)
    with connected(parsed) as client:
        changes = client.find_changes(
            profile,
            parsed.path,
            goal=parsed.goal,
            max_changes=parsed.max_changes,
            max_fields=parsed.max_fields,
            max_effort=_WITHIN[parsed.within],
            keep=[field.path for field in parsed.keep],
            wishes_may_change=parsed.wishes,
        )
    if parsed.json:
        print_json(changes.message)
    else:
        from rolefit.client.change_report import Sought, print_changes

        print_changes(changes, Sought(parsed.goal, _wider(parsed)), console())
    return UNDETERMINED if changes.outcome is ChangeOutcome.NOT_KNOWN else ANSWERED


def _wider(parsed: argparse.Namespace) -> tuple[str, ...]:
    """List the options that would let more changes count."""
    limited = {
        "a longer --within": _WITHIN[parsed.within] is not Effort.YEARS,
        "fewer --keep": bool(parsed.keep),
        "more --max-fields": parsed.max_fields is not None,
        "--wishes": not parsed.wishes,
    }
    return tuple(option for option, narrows in limited.items() if narrows)


def _count(limit: str) -> Callable[[str], int]:
    """Make what reads a number of `ChangeLimits` within the range of the contract."""
    field: FieldDescriptor = ChangeLimits.DESCRIPTOR.fields_by_name[limit]
    bounds = field.GetOptions().Extensions[constraints_pb2.constraint]
    most = int(bounds.max) if bounds.HasField("max") else None

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 10:
            number = int(text)
            if number >= bounds.min and (most is None or number <= most):
                return number
        words = f"from {bounds.min:g} to {most}" if most else f"{bounds.min:g} or more"
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number {words}")

    return read
