"""The `rolefit-server rules` commands.

Each imports what it works with when it runs, so that serving does not.
"""

import importlib.util
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rolefit.engine.ruleset import Ruleset

_PLAIN: dict[str, Any] = {"rich_markup_mode": None}
app = typer.Typer(help="Work on rules.", **_PLAIN)


@app.command("check")
def check_rules(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder; without it, the rules in the package."),
    ] = None,
) -> None:
    """Load and compile rules; print what is wrong with them, or how many there are.

    Exit code 0: they can serve. 1: they cannot.
    """
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
    _show(report.json() if as_json else report.lines())
    if report.failed or report.below(min_coverage):
        raise typer.Exit(1)


@app.command("verify")
def verify_rules(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Folder; without it, the rules in the package."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Prove this property; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    write_witnesses: Annotated[
        bool, typer.Option(help="Write DIR/tests/witnesses.yaml; needs DIR.")
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(min=0.001, max=86_400, metavar="SECONDS", help="For each question."),
    ] = 60.0,
) -> None:
    """Prove what DIR/properties.yaml says of the rules, or refute it with profiles.

    Exit code 0: all proven. 1: something is refuted. 2: rules or properties cannot be loaded,
    or a mistake in the command line. 3: the solver ran out of time, or solver and engine
    disagree.
    """
    _need_solver("verifying rules")
    from rolefit.engine import RulesetError, load_ruleset
    from rolefit.verification.proof_report import report_json, report_lines, witness_tests
    from rolefit.verification.proof_results import OPEN, PROVEN, REFUTED
    from rolefit.verification.proofs import verify
    from rolefit.verification.properties import load_properties
    from rolefit.verification.witness import WitnessError

    if write_witnesses and (directory is None or only):
        raise typer.BadParameter("--write-witnesses needs DIR, and all properties")
    try:
        ruleset = load_ruleset(directory)
        properties = load_properties(directory or resources.files("rolefit.rules"), ruleset)
    except RulesetError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    unknown = set(only or ()) - {each.id for each in properties}
    if unknown:
        raise typer.BadParameter(f"there is no property '{min(unknown)}'")
    chosen = [each for each in properties if not only or each.id in only]
    try:
        report = verify(ruleset, chosen, timeout)
    except WitnessError as error:
        typer.echo(f"solver and engine disagree: {error}", err=True)
        raise typer.Exit(3) from None
    _show(report_json(report) if as_json else report_lines(report))
    if write_witnesses and directory is not None and OPEN not in report.statuses:
        _write(directory / "tests" / "witnesses.yaml", witness_tests(report))
    if report.status != PROVEN:
        raise typer.Exit(1 if report.status == REFUTED else 3)


@app.command("diff")
def diff_rules(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of rules.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of rules.")],
    profiles: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Recorded profiles, one JSON object in each line: what becomes of those.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    timeout: Annotated[
        float,
        typer.Option(min=0.001, max=86_400, metavar="SECONDS", help="For each question."),
    ] = 60.0,
) -> None:
    """Say which profiles two sets of rules answer differently, or prove that there are none.

    With --profiles, only those are compared, and no solver is needed. Exit code 0: no
    difference. 1: a difference. 2: rules or profiles cannot be loaded, or a mistake in the
    command line. 3: the solver ran out of time, or solver and engine disagree.
    """
    if profiles is None:
        _need_solver("comparing rules over every profile")
    from rolefit.engine import RulesetError, load_ruleset

    try:
        rulesets = load_ruleset(old), load_ruleset(new)
    except RulesetError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if profiles is None:
        code = _diff_all(rulesets, as_json, timeout)
    else:
        code = _diff_recorded(rulesets, profiles, as_json)
    raise typer.Exit(code)


def _diff_all(rulesets: "tuple[Ruleset, Ruleset]", as_json: bool, timeout: float) -> int:
    from rolefit.verification.difference import difference
    from rolefit.verification.difference_report import difference_json, difference_lines
    from rolefit.verification.witness import WitnessError

    try:
        found = difference(*rulesets, timeout)
    except WitnessError as error:
        typer.echo(f"solver and engine disagree: {error}", err=True)
        return 3
    _show(difference_json(found) if as_json else difference_lines(found))
    if found.moves or found.findings:
        return 1
    return 3 if found.open else 0


def _diff_recorded(rulesets: "tuple[Ruleset, Ruleset]", file: Path, as_json: bool) -> int:
    from rolefit.verification.difference_report import recorded_json, recorded_lines
    from rolefit.verification.recorded import RecordError, read_records, recorded_difference

    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        found = recorded_difference(*rulesets, read_records(lines))
    except (OSError, UnicodeDecodeError, RecordError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        typer.echo(f"{file}: {problem}", err=True)
        return 2
    _show(recorded_json(found) if as_json else recorded_lines(found))
    return int(any(old != new for old, new in found.lines))


def _show(report: Mapping[str, object] | Iterable[str]) -> None:
    """Print an object as JSON, or lines as they are."""
    if isinstance(report, Mapping):
        typer.echo(json.dumps(report, indent=2))
    else:
        for line in report:
            typer.echo(line)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None


def _need_solver(what: str) -> None:
    if importlib.util.find_spec("z3") is None:
        typer.echo(f"{what} needs its extra: pip install 'rolefit[service,verify]'", err=True)
        raise typer.Exit(2)
