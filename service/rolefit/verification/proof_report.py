"""Writes what `rules verify` found, for people, for programs, and as rule tests."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import RoundRule, SignalRule
from rolefit.verification.proof_results import PROVEN, Firing, Report, Result
from rolefit.verification.witness import nested

_HEAD = """\
# One profile for every rule that makes it fire, and for every value of a signal and of an
# interview round. Found by a solver, confirmed by the engine, and written by
# `rolefit-server rules verify --write-witnesses`; not meant to be edited.
"""


def report_lines(report: Report) -> Iterator[str]:
    """The table, then every refutation with its profile."""
    ruleset = report.ruleset
    yield f"{ruleset.name} {ruleset.version} {ruleset.digest}"
    yield f"{len(ruleset.rules)} rules; z3 {report.solver}"
    yield ""
    wide = max((len(result.property.id) for result in report.results), default=0)
    for result in report.results:
        yield from _result_lines(result, wide)
    counts = [
        f"{sum(result.status == status for result in report.results)} {status}"
        for status in dict.fromkeys((PROVEN, *(r.status for r in report.results)))
    ]
    queries = sum(result.queries for result in report.results)
    seconds = sum(result.seconds for result in report.results)
    yield ""
    yield f"{', '.join(counts)}; {queries} questions in {seconds:.1f} s"


def _result_lines(result: Result, wide: int) -> Iterator[str]:
    of = result.property
    claims = f" ({', '.join(of.claims)})" if of.claims else ""
    yield (
        f"{result.status:8} {of.id:{wide}}  {result.seconds:5.2f} s  {result.queries:4}"
        f"  {of.says}{claims}"
    )
    for refutation in result.refutations:
        yield f"         {refutation.what}"
        for profile, answer in zip(
            refutation.profiles, refutation.answers or ("",) * 2, strict=False
        ):
            yield f"           {profile_line(profile)}" + (f" -> {answer}" if answer else "")


def profile_line(facts: Facts) -> str:
    """A profile in one line of YAML."""
    text: str = yaml.safe_dump(nested(facts), default_flow_style=True, width=10_000)
    return text.strip().removesuffix("...").strip()


def report_json(report: Report) -> dict[str, object]:
    """The report as a JSON object."""
    return {
        "ruleset": {
            "name": report.ruleset.name,
            "version": report.ruleset.version,
            "digest": report.ruleset.digest,
        },
        "solver": f"z3 {report.solver}",
        "status": report.status,
        "properties": [_result_json(result) for result in report.results],
    }


def _result_json(result: Result) -> dict[str, object]:
    of = result.property
    return {
        "id": of.id,
        "says": of.says,
        "claims": list(of.claims),
        "status": result.status,
        "seconds": round(result.seconds, 3),
        "queries": result.queries,
        "refutations": [
            {
                "what": each.what,
                "profiles": [nested(facts) for facts in each.profiles],
                "answers": list(each.answers),
            }
            for each in result.refutations
        ],
    }


def witness_tests(report: Report) -> str:
    """The profiles that make rules fire, as a file of rule tests."""
    tests = [_witness_test(firing) for firing in report.firings]
    text: str = yaml.safe_dump(tests, sort_keys=False, default_flow_style=None, width=96)
    return _HEAD + text


def _witness_test(firing: Firing) -> dict[str, object]:
    rule = firing.rule
    test: dict[str, object] = {"name": f"{rule.id} {firing.state or 'fires'}"}
    test["profile"] = nested(firing.profile)
    test["path"] = firing.path
    if isinstance(rule, SignalRule):
        test["signals"] = {rule.signal: firing.state}
    elif isinstance(rule, RoundRule):
        test["rounds"] = {rule.id: firing.state}
    else:
        test["fires"] = [rule.id]
    return test
