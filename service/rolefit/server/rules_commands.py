"""The `rolefit-server rules` commands.

Each imports what it works with when it runs, so that serving does not.
"""

import json
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


@app.command("test")
def run_rule_tests(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder; without it, the rules in the package."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a JUnit report to FILE.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    min_coverage: Annotated[
        float,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Fail if less is covered."),
    ] = 0,
) -> None:
    """Run the tests in DIR/tests, and say what of the rules they cover.

    Exit code 0: all passed. 1: a test failed, or rules or conditions are covered less than
    asked for. 2: rules or tests cannot be loaded, or a mistake in the command line.
    """
    from rolefit.engine import RulesetError
    from rolefit.verification.junit import junit_xml
    from rolefit.verification.rule_test_report import run_tests_of

    try:
        report = run_tests_of(directory)
        if junit is not None:
            junit.write_bytes(junit_xml(report.results))
    except (RulesetError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(report.json(), indent=2))
    else:
        for line in report.lines():
            typer.echo(line)
    if report.failed or report.below(min_coverage):
        raise typer.Exit(1)
