"""The command `rolefit recommend`."""

from __future__ import annotations

import argparse

from rolefit.client.command_line import (
    Commands,
    add_command,
    add_json,
    add_source,
    code_for,
    connected,
    console,
    given_profile,
    print_json,
)


def add_recommend(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands,
        "recommend",
        "say which path fits a person, and why",
        "Say which path fits the person of a profile, and why.",
    )
    add_source(parser)
    parser.add_argument(
        "--view",
        choices=("basic", "standard", "full"),
        default="standard",
        help=(
            "how much to ask for; full adds what to prepare, and with --json a trace "
            "(default: standard)"
        ),
    )
    add_json(parser)
    parser.set_defaults(perform=_recommend)


def _recommend(parsed: argparse.Namespace) -> int:
    profile = given_profile(parsed)
    with connected(parsed) as client:
        answer = client.recommend(profile, view=parsed.view)
    if parsed.json:
        print_json(answer.message)
    else:
        from rolefit.client.report import print_report

        print_report(answer, console())
    return code_for(answer.path)
