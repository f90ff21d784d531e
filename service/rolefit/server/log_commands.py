"""The commands that read decision logs: `rolefit-server log verify` and `replay`.

Each imports what it works with when it runs, so that serving does not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

_PLAIN: dict[str, Any] = {"rich_markup_mode": None}
app = typer.Typer(help="Work on decision logs.", **_PLAIN)

_Places = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Files, or folders of a decision log.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def _group() -> None:
    """Keep `verify` a command of its own, although there is no other yet."""


@app.command("verify")
def verify_log(files: _Places, as_json: _Json = False) -> None:
    """Check that no record of a decision log was changed, added or taken away.

    Exit code 0: every chain holds. 1: one is broken. 2: a file cannot be read, or a mistake
    in the command line.
    """
    from rolefit.server.log_verification import files_of, verify
    from rolefit.server.log_verification_report import check_json, check_lines

    try:
        check = verify(files_of(files))
    except OSError as error:
        _unreadable(error)
    if as_json:
        typer.echo(json.dumps(check_json(check), indent=2))
    else:
        for line in check_lines(check):
            typer.echo(line)
    if check.breaks:
        raise typer.Exit(1)


def replay(
    logs: _Places,
    rules: Annotated[Path, typer.Option(metavar="DIR", help="Folder of candidate rules.")],
    as_json: _Json = False,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="Exit with 1 if a path changes.")
    ] = False,
    examples: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Decision ids named for each change.")
    ] = 5,
) -> None:
    """Decide what a log recorded once more, by other rules, and say what changes.

    Exit code 0: done. 1: a path changed, with --fail-on-change. 2: log or rules cannot be
    read, or a mistake in the command line.
    """
    from rolefit.engine import RulesetError, load_ruleset
    from rolefit.server.log_verification import files_of
    from rolefit.server.replay import ReplayError, replay_log
    from rolefit.server.replay_report import replay_json, replay_lines

    try:
        found = replay_log(files_of(logs), load_ruleset(rules), examples)
    except OSError as error:
        _unreadable(error)
    except (RulesetError, ReplayError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(replay_json(found), indent=2))
    else:
        for line in replay_lines(found):
            typer.echo(line)
    if fail_on_change and found.changed:
        raise typer.Exit(1)


def _unreadable(error: OSError) -> NoReturn:
    typer.echo(f"{error.filename}: {error.strerror}", err=True)
    raise typer.Exit(2) from None
