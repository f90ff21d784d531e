"""The command `rolefit prep`."""

from __future__ import annotations

import argparse

from rolefit.client.command_line import (
    PATH_NAMES,
    Commands,
    add_command,
    add_json,
    add_source,
    code_for,
    connected,
    console,
    given_profile,
    path_named,
    print_json,
)


def add_prep(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "prep",
        "say what to prepare: interviews, résumé, negotiation, skills",
        "Say what to prepare for a path: interviews, résumé, negotiation, skills, next steps.",
    )
    add_source(parser)
    parser.add_argument(
        "--path",
        metavar="PATH",
        dest="paths",
        type=path_named,
        action="append",
        default=[],
        help=(
            f"what to prepare for: {', '.join(PATH_NAMES)}; may come again "
            "(default: the recommended path and the best other one with described interviews)"
        ),
    )
    add_json(parser)
    parser.set_defaults(perform=_prep)


def _prep(parsed: argparse.Namespace) -> int:
    profile = given_profile(parsed)
    with connected(parsed) as client:
        pack = client.prepare(profile, paths=parsed.paths)
    if parsed.json:
        print_json(pack.message)
    else:
        from rolefit.client.preparation_report import print_pack

        print_pack(pack, console())
    return code_for(pack.recommended_path)
