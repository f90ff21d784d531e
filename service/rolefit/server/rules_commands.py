"""The `rolefit-server rules` commands.

Each imports what it works with when it runs, so that serving does not.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

_PLAIN: dict[str, Any] = {"rich_markup_mode": None}
app = typer.Typer(help="Work on rules.", **_PLAIN)


@app.command("check")
def check_rules(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder; without it, the rules in the package."),
    ] = None,
) -> None:
    """Load and compile rules; print what is wrong with them, or how many there are."""
    from rolefit.engine import Engine, RulesetError, load_ruleset
    from rolefit.v1.profile_pb2 import CandidateProfile
    from rolefit.v1.recommendation_service_pb2 import VIEW_FULL

    try:
        ruleset = load_ruleset(directory)
        with Engine(ruleset) as engine:
            engine.recommend(CandidateProfile(), VIEW_FULL)
    except RulesetError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{ruleset.name} {ruleset.version} {ruleset.digest}")
    counts = (len(ruleset.rules), len(ruleset.claims), len(ruleset.codes))
    typer.echo("{} rules, {} claims, {} finding codes".format(*counts))
