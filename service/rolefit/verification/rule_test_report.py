"""What a run of rule tests found, as lines to read and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.loading import load_ruleset
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import Ruleset
from rolefit.verification.condition_lines import ConditionLines
from rolefit.verification.coverage import Coverage, Share, measure_coverage
from rolefit.verification.rule_tests import (
    TEST_FOLDER,
    Result,
    load_rule_tests,
    run_rule_tests,
)

# A rule set without tests misses everything; the list is for what is nearly done.
_MOST_GOALS_SHOWN = 40


@dataclass(frozen=True)
class TestReport:
    """A run over a rule set: a result for each test, and what they reached together."""

    __test__ = False  # not a test class, whatever pytest makes of the name

    ruleset: Ruleset
    results: Sequence[Result]
    coverage: Coverage

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return sum(bool(result.failures) for result in self.results)

    def below(self, percent: float) -> bool:
        """Whether the coverage of rules or that of conditions is below a share."""
        return min(self.coverage.rules.percent, self.coverage.conditions.percent) < percent

    def lines(self) -> Iterator[str]:
        """Failures, what is not covered, and the counts."""
        for result in self.results:
            yield from result.failure_lines()
        missed = [*self.coverage.rules.missed, *self.coverage.conditions.missed]
        for goal in missed[:_MOST_GOALS_SHOWN]:
            yield f"not covered: {goal}"
        if len(missed) > _MOST_GOALS_SHOWN:
            yield f"... and {len(missed) - _MOST_GOALS_SHOWN} more; --json has them all"
        yield f"{self.ruleset.name} {self.ruleset.version} {self.ruleset.digest}"
        yield f"{len(self.results)} tests, {self.failed} failed"
        yield f"rules covered: {_share_text(self.coverage.rules)}"
        yield f"conditions covered: {_share_text(self.coverage.conditions)}"

    def json(self) -> dict[str, object]:
        """The same for programs; see docs/rule_tests.md."""
        ruleset = self.ruleset
        return {
            "ruleset": {
                "name": ruleset.name,
                "version": ruleset.version,
                "digest": ruleset.digest,
            },
            "tests": len(self.results),
            "failed": self.failed,
            "failures": [
                {
                    "file": result.test.file,
                    "line": failure.expectation.line,
                    "test": result.test.name,
                    "expected": str(failure.expectation),
                    "seen": failure.seen,
                }
                for result in self.results
                for failure in result.failures
            ],
            "coverage": {
                "rules": _share_json(self.coverage.rules),
                "conditions": _share_json(self.coverage.conditions),
            },
        }


def run_tests_of(directory: Path | None) -> TestReport:
    """Runs the tests of a rules folder; without one, those of the package's rules.

    Raises:
        RulesetError: Rules or tests cannot be loaded, or there are no tests.
        InferenceError: The rules engine failed.
    """
    ruleset = load_ruleset(directory)
    root = directory or resources.files("rolefit.rules")
    tests = load_rule_tests(root, ruleset)
    if not tests:
        raise RulesetError([Problem(TEST_FOLDER, 0, _no_tests(directory))])
    with Engine(ruleset) as engine:
        results = run_rule_tests(engine, tests)
        observations = (result.observation for result in results)
        coverage = measure_coverage(ruleset, ConditionLines(root, ruleset), observations)
    return TestReport(ruleset, results, coverage)


def _no_tests(directory: Path | None) -> str:
    if directory is None:
        return (
            "an installed package holds rules without their tests; name a rules folder, "
            "such as that of the source: rolefit-server rules test rules"
        )
    return f"there are no tests; they stand in {directory / TEST_FOLDER}/*.yaml"


def _share_text(share: Share) -> str:
    reached = share.total - len(share.missed)
    # Rounded down, so that 100 means all.
    return f"{int(share.percent * 10) / 10:g} % ({reached} of {share.total})"


def _share_json(share: Share) -> dict[str, object]:
    return {
        "total": share.total,
        "reached": share.total - len(share.missed),
        "percent": share.percent,
        "missed": [
            {"rule": goal.rule_id, "file": goal.file, "line": goal.line, "what": goal.what}
            for goal in share.missed
        ],
    }
