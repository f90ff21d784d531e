"""Rule tests: people, and what the rules have to make of them, in `tests/*.yaml`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.recommender import Engine
from rolefit.engine.rule_parsing import read_claim_ids
from rolefit.engine.ruleset import (
    ALL_PATHS,
    CERTAINTIES,
    COVERAGES,
    FITS,
    PATHS,
    SEATS,
    Ruleset,
)
from rolefit.engine.yaml_source import Value, read_yaml, suggest
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.verification.observation import Observation
from rolefit.verification.profile_source import read_profile

if TYPE_CHECKING:
    from importlib.abc import Traversable

TEST_FOLDER = "tests"
_TERNARY = ("YES", "NO", "UNKNOWN")
_STATES = ("READY", "MISSING", "THIN", "UNKNOWN")


@dataclass(frozen=True)
class Expectation:
    """One thing that has to be so.

    Attributes:
        what: Of what sort, such as "path", "finding", "signal".
        subject: Which one, such as a rule id; empty if there is only one.
        expected: The value expected.
        line: Line in the test's file.
    """

    what: str
    subject: str
    expected: str
    line: int

    def __str__(self) -> str:
        return f"{self.what} {self.subject}".rstrip() + f" {self.expected}"


@dataclass(frozen=True)
class RuleTest:
    """One rule test.

    Attributes:
        name: Unique in its file.
        file: Where it stands, relative to the rules folder.
        line: Line there, from 1.
        profile: The person.
        expectations: What has to be so.
    """

    name: str
    file: str
    line: int
    profile: CandidateProfile
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Failure:
    """An expectation that was not met, and what was seen instead."""

    expectation: Expectation
    seen: str

    def __str__(self) -> str:
        return f"expected {self.expectation}, seen {self.seen}"


@dataclass(frozen=True)
class Result:
    """How a test went: what failed, and how long it took in seconds."""

    test: RuleTest
    failures: tuple[Failure, ...]
    observation: Observation
    seconds: float

    def failure_lines(self) -> list[str]:
        """One line for each failure, with file and line of the expectation."""
        test = self.test
        return [f"{test.file}:{f.expectation.line}: {test.name}: {f}" for f in self.failures]


def load_rule_tests(root: Traversable, ruleset: Ruleset) -> tuple[RuleTest, ...]:
    """Reads `tests/*.yaml` of a rules folder, file by file in order of name.

    Raises:
        RulesetError: Some test cannot be read; every problem is listed with file and line.
    """
    folder = root / TEST_FOLDER
    problems: list[Problem] = []
    tests: list[RuleTest] = []
    names = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    for name in sorted(names):
        if name.endswith((".yaml", ".yml")):
            file = f"{TEST_FOLDER}/{name}"
            try:
                text = (folder / name).read_text(encoding="utf-8")
                tests += parse_rule_tests(read_yaml(text, file), ruleset)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(file, 0, f"cannot be read: {error}"))
            except RulesetError as error:
                problems += error.problems
    if problems:
        raise RulesetError(problems)
    return tuple(tests)


def parse_rule_tests(value: Value, ruleset: Ruleset) -> list[RuleTest]:
    """Reads the tests of one file.

    Raises:
        RulesetError: Some test is malformed or names something unknown; every problem is
            listed with file and line.
    """
    reader = _Reader(ruleset)
    problems: list[Problem] = []
    tests: dict[str, RuleTest] = {}
    for item in value.as_list("a file of rule tests"):
        try:
            test = reader.read(item, tests)
            if test.name in tests:
                raise item.error(
                    f"the name is taken by the test in line {tests[test.name].line}"
                )
            tests[test.name] = test
        except RulesetError as error:
            problems += error.problems
    if problems:
        raise RulesetError(problems)
    return list(tests.values())


class _Reader:
    """Reads tests against the names that a rule set defines."""

    def __init__(self, ruleset: Ruleset):
        self._claims = ruleset.claims
        rules = [rule.id for rule in ruleset.rules]
        settling = [rule.id for rule in (*ruleset.verdicts, *ruleset.statements)]
        # Of what has one value, and of lists of names, by the key in a test.
        self._single = {
            "path": ALL_PATHS,
            "certainty": CERTAINTIES,
            "seat": SEATS,
            "pay": COVERAGES,
        }
        self._listed: dict[str, tuple[str, str, Sequence[str]]] = {
            "findings": ("finding", "given", list(ruleset.codes)),
            "not_findings": ("finding", "not given", list(ruleset.codes)),
            "fires": ("rule", "fires", rules),
            "not_fires": ("rule", "does not fire", rules),
            "concludes": ("conclusion", "counts", settling),
        }
        self._named: dict[str, tuple[str, Sequence[str], Sequence[str]]] = {
            "signals": ("signal", [rule.signal for rule in ruleset.signals], _TERNARY),
            "rounds": ("round", [rule.id for rule in ruleset.rounds], _STATES),
            "fits": ("fit", PATHS, (*FITS, "UNKNOWN")),
        }

    def read(self, item: Value, earlier: dict[str, RuleTest]) -> RuleTest:
        keys = (*self._single, *self._listed, *self._named, "possible_paths")
        entries = item.as_mapping(
            "a test",
            required=("name", "profile"),
            optional=(*keys, "like", "why", "claims"),
        )
        name = entries["name"].as_text("name")
        if "why" in entries:
            entries["why"].as_text("why")
        if "claims" in entries:
            read_claim_ids(entries["claims"], self._claims)
        expectations = self._expectations(entries)
        if not expectations:
            raise item.error(f"a test expects at least one of {', '.join(keys)}")
        profile = read_profile(entries["profile"], self._base(entries, earlier))
        return RuleTest(name, item.file, item.line, profile, tuple(expectations))

    def _base(
        self, entries: dict[str, Value], earlier: dict[str, RuleTest]
    ) -> CandidateProfile | None:
        if "like" not in entries:
            return None
        like = entries["like"].as_text("like")
        if like not in earlier:
            raise entries["like"].error(
                f"there is no test '{like}' above in this file{suggest(like, earlier)}"
            )
        return earlier[like].profile

    def _expectations(self, entries: dict[str, Value]) -> list[Expectation]:
        found: list[Expectation] = []
        for key, valid in self._single.items():
            if key in entries:
                expected = _one_of(entries[key], key, valid)
                found.append(Expectation(key, "", expected, entries[key].line))
        if "possible_paths" in entries:
            items = entries["possible_paths"].as_list("possible_paths")
            paths = _in_order(_one_of(item, "path", ALL_PATHS) for item in items)
            line = entries["possible_paths"].line
            found.append(Expectation("possible paths", "", paths, line))
        for key, (what, expected, subjects) in self._listed.items():
            for item in entries[key].as_list(key) if key in entries else ():
                subject = _one_of(item, what, subjects)
                found.append(Expectation(what, subject, expected, item.line))
        for key, (what, subjects, values) in self._named.items():
            given = entries[key].as_mapping(key, optional=subjects) if key in entries else {}
            for subject, item in given.items():
                expected = _one_of(item, "value", values)
                found.append(Expectation(what, subject, expected, item.line))
        return found


def _one_of(value: Value, what: str, valid: Iterable[str]) -> str:
    text = value.as_text(what)
    if text not in valid:
        raise value.error(f"there is no {what} '{text}'{suggest(text, valid)}")
    return text


def _in_order(paths: Iterable[str]) -> str:
    given = set(paths)
    return ", ".join(path for path in ALL_PATHS if path in given) or "none"


_SEEN: dict[str, Callable[[Observation, str], str]] = {
    "path": lambda seen, _: seen.outcome.verdict.path,
    "certainty": lambda seen, _: seen.outcome.verdict.certainty,
    "possible paths": lambda seen, _: _in_order(seen.outcome.verdict.possible),
    "seat": lambda seen, _: seen.seat,
    "pay": lambda seen, _: seen.pay,
    "finding": lambda seen, code: "given" if code in seen.findings else "not given",
    "rule": lambda seen, rule_id: "fires" if rule_id in seen.fired else "does not fire",
    "conclusion": lambda seen, rule_id: (
        "counts" if rule_id in seen.concluding else ", ".join(sorted(seen.concluding))
    ),
    "signal": lambda seen, name: seen.outcome.signals[name],
    "round": lambda seen, rule_id: seen.rounds[rule_id],
    "fit": lambda seen, path: seen.fits[path],
}


def failures(test: RuleTest, observation: Observation) -> tuple[Failure, ...]:
    """The expectations of a test that an observation does not meet."""
    found = []
    for expectation in test.expectations:
        seen = _SEEN[expectation.what](observation, expectation.subject)
        if seen != expectation.expected:
            found.append(Failure(expectation, seen))
    return tuple(found)


def run_rule_tests(engine: Engine, tests: Iterable[RuleTest]) -> list[Result]:
    """Runs tests, each in the way that a request goes.

    Raises:
        InferenceError: The rules engine failed.
    """
    results = []
    for test in tests:
        start = time.perf_counter()
        observation = Observation(engine, test.profile)
        failed = failures(test, observation)
        results.append(Result(test, failed, observation, time.perf_counter() - start))
    return results
