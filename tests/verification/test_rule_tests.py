"""Rule tests: what is wrong with them, what they find, and how the command tells it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rolefit.engine import Engine, RulesetError, load_ruleset
from rolefit.engine.yaml_source import read_yaml
from rolefit.server.__main__ import main
from rolefit.verification.rule_test_report import run_tests_of
from rolefit.verification.rule_tests import parse_rule_tests, run_rule_tests

from .scratch_rules import RULES, scratch_rules

PEOPLE = """\
- name: Ships
  profile: {engineering: {models_shipped: 2}}
  path: ML_ENGINEER
- name: Has shipped one model
  like: Ships
  profile: {engineering: {models_shipped: 1}}
  path: ML_ENGINEER
  findings: [HYBRID_CANDIDATE]
"""


def problems(text: str, engine: Engine) -> list[str]:
    with pytest.raises(RulesetError) as refused:
        parse_rule_tests(read_yaml(text, "tests/x.yaml"), engine.ruleset)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("line", "text", "says"),
    [
        (1, "- {name: A, path: ML_ENGINEER}", "lacks 'profile'"),
        (1, "- {name: A, profile: {}}", "expects at least one of"),
        (4, "- name: A\n  profile: {}\n  path: ML_ENGINEER\n  pth: X", "did you mean 'path'?"),
        (1, "- {name: A, profile: {}, path: ML_ENGINER}", "did you mean 'ML_ENGINEER'?"),
        (1, "- {name: A, profile: {}, certainty: SURE}", "there is no certainty 'SURE'"),
        (1, "- {name: A, profile: {}, seat: MAYBE}", "valid: NO, UNKNOWN, YES"),
        (4, "- name: A\n  profile: {}\n  findings:\n    - HYBRID", "no finding 'HYBRID'"),
        (3, "- name: A\n  profile: {}\n  fires: [verdict-bridg]", "mean 'verdict-bridge'?"),
        (3, "- name: A\n  profile: {}\n  concludes: [thin-publications]", "no conclusion"),
        (4, "- name: A\n  profile: {}\n  signals:\n    doctorat: NO", "mean 'doctorate'?"),
        (
            4,
            "- name: A\n  profile: {}\n  signals:\n    doctorate: no",
            "valid: NO, UNKNOWN, YES",
        ),
        (1, "- {name: A, profile: {}, rounds: {round-engineer-coding: OK}}", "no value 'OK'"),
        (1, "- {name: A, profile: {}, fits: {UNDETERMINED: GOOD}}", "has no 'UNDETERMINED'"),
        (1, "- {name: A, profile: {}, claims: [G999], path: ML_ENGINEER}", "no claim 'G999'"),
        (1, "- {name: A, like: B, profile: {}, path: ML_ENGINEER}", "no test 'B' above"),
    ],
)
def test_a_malformed_test_is_refused_with_its_line(
    engine: Engine, line: int, text: str, says: str
) -> None:
    (problem,) = problems(text, engine)
    assert problem.startswith(f"tests/x.yaml:{line}: ")
    assert says in problem


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ("{engineering: {model_shipped: 1}}", "did you mean 'models_shipped'?"),
        ("{levl: MID}", "did you mean 'level'?"),
        ("{level: MIDDLE}", "did you mean 'MID'?"),
        ("{level: [MID]}", "level must be text"),
        ("{engineering: 3}", "engineering must be a mapping"),
        ("{skills: {model_depth: 6}}", "a rating from 1 to 5, was 6"),
        ("{skills: {model_depth: 2.5}}", "must be a whole number"),
        ("{publications: {top_tier_papers: -1}}", "from 0 to 2147483647, was -1"),
        ("{publications: {top_tier_papers: 3000000000}}", "from 0 to 2147483647"),
        ("{engineering: {years_software: 81}}", "from 0 to 80"),
        ("{engineering: {integration_time_share: 1.5}}", "a share from 0 to 1"),
        ("{engineering: {owns_lifecycle: 'yes'}}", "must be true or false"),
        ("{target: {country: us}}", "two upper-case letters"),
        ("{goals: {motives: CURIOSITY}}", "motives must be a list"),
        ("{goals: {motives: [CURIOUS]}}", "did you mean 'CURIOSITY'?"),
        ("{level: absent}", "'absent' is no value here"),
    ],
)
def test_a_bad_profile_is_refused_with_its_line(
    engine: Engine, profile: str, says: str
) -> None:
    (problem,) = problems(f"- name: A\n  path: ML_ENGINEER\n  profile: {profile}", engine)
    assert problem.startswith("tests/x.yaml:3: ")
    assert says in problem


def test_all_problems_are_told_at_once(engine: Engine) -> None:
    text = "- {name: A, profile: {a: 1, b: 2}, path: ML_ENGINEER}\n- {name: B, profile: {}}\n"
    assert len(problems(text, engine)) == 3


def test_two_tests_of_one_name_are_refused(engine: Engine) -> None:
    text = "- {name: A, profile: {}, path: UNDETERMINED}\n" * 2
    assert problems(text, engine) == ["tests/x.yaml:2: the name is taken by the test in line 1"]


def test_like_takes_over_a_profile_with_changes(engine: Engine) -> None:
    text = """\
- name: A
  profile: {level: MID, goals: {motives: [SAFETY], risk_tolerance: 2}, skills: {model_depth: 1}}
  path: UNDETERMINED
- name: B
  like: A
  profile: {level: SENIOR, goals: {motives: []}, skills: absent}
  path: UNDETERMINED
"""
    first, second = parse_rule_tests(read_yaml(text, "tests/x.yaml"), engine.ruleset)
    assert first.profile.goals.motives.values
    assert second.profile.level != first.profile.level
    assert second.profile.goals.HasField("motives")
    assert not second.profile.goals.motives.values
    assert second.profile.goals.risk_tolerance == 2
    assert not second.profile.HasField("skills")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("path: ML_ENGINEER", "expected path ML_ENGINEER, seen UNDETERMINED"),
        ("certainty: CERTAIN", "expected certainty CERTAIN, seen UNDETERMINED"),
        ("possible_paths: [ML_ENGINEER]", "expected possible paths ML_ENGINEER, seen ML_ENG"),
        ("findings: [CONTRADICTION]", "expected finding CONTRADICTION given, seen not given"),
        ("not_findings: [NEXT_ASK_SELF_TEST]", "NEXT_ASK_SELF_TEST not given, seen given"),
        ("fires: [phd-optional]", "expected rule phd-optional fires, seen does not fire"),
        ("not_fires: [verdict-undetermined]", "does not fire, seen fires"),
        ("concludes: [verdict-bridge]", "counts, seen pay-path-open, seat-no-employer, verd"),
        ("signals: {doctorate: NO}", "expected signal doctorate NO, seen UNKNOWN"),
        ("rounds: {round-engineer-coding: READY}", "round-engineer-coding READY, seen UNKNOWN"),
        ("fits: {ML_ENGINEER: GOOD}", "expected fit ML_ENGINEER GOOD, seen UNKNOWN"),
        ("seat: 'YES'", "expected seat YES, seen UNKNOWN"),
        ("pay: COVERED", "expected pay COVERED, seen PATH_NOT_COVERED"),
    ],
)
def test_an_expectation_that_is_not_met_is_told(engine: Engine, wrong: str, says: str) -> None:
    text = f"- name: Nobody\n  profile: {{}}\n  {wrong}\n"
    tests = parse_rule_tests(read_yaml(text, "tests/x.yaml"), engine.ruleset)
    (result,) = run_rule_tests(engine, tests)
    (line,) = result.failure_lines()
    assert line.startswith("tests/x.yaml:3: Nobody: ")
    assert says in line


def test_our_rules_pass_and_are_covered() -> None:
    report = run_tests_of(RULES)
    assert [line for result in report.results for line in result.failure_lines()] == []
    assert report.coverage.rules.missed == ()
    assert report.coverage.conditions.percent >= 95


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["rolefit-server", "rules", "test", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    written = capsys.readouterr()
    assert isinstance(ended.value.code, int | None)
    return ended.value.code or 0, written.out, written.err


def test_the_command_fails_with_what_was_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scratch_rules(tmp_path / "rules", PEOPLE)
    code, out, _ = run(monkeypatch, capsys, str(folder))
    assert code == 1
    place = "tests/people.yaml"
    who = "Has shipped one model"
    assert f"{place}:7: {who}: expected path ML_ENGINEER, seen APPLIED_SCIENTIST\n" in out
    assert f"{place}:8: {who}: expected finding HYBRID_CANDIDATE given, seen not given" in out
    assert "2 tests, 1 failed" in out


def test_the_command_tells_programs_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scratch_rules(tmp_path / "rules", PEOPLE)
    code, out, _ = run(monkeypatch, capsys, str(folder), "--json")
    told = json.loads(out)
    assert code == 1
    assert (told["tests"], told["failed"]) == (2, 1)
    assert told["failures"][0] == {
        "file": "tests/people.yaml",
        "line": 7,
        "test": "Has shipped one model",
        "expected": "path ML_ENGINEER",
        "seen": "APPLIED_SCIENTIST",
    }
    rules = told["coverage"]["rules"]
    assert rules["reached"] + len(rules["missed"]) == rules["total"]
    assert told["ruleset"]["digest"] == load_ruleset(folder).digest


def test_junit_holds_counts_times_and_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scratch_rules(tmp_path / "rules", PEOPLE)
    (folder / "tests" / "more.yaml").write_text(
        "- {name: 'A < \"B\" & C', profile: {}, path: UNDETERMINED}\n"
    )
    report = tmp_path / "report.xml"
    code, _, _ = run(monkeypatch, capsys, str(folder), "--junit", str(report))
    assert code == 1
    root = ElementTree.parse(report).getroot()
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["tests/more.yaml", "tests/people.yaml"]
    people = suites["tests/people.yaml"]
    assert (people.get("tests"), people.get("failures")) == ("2", "1")
    assert all(float(case.get("time", "")) >= 0 for case in root.iter("testcase"))
    assert suites["tests/more.yaml"][0].get("name") == 'A < "B" & C'
    (failure,) = root.iter("failure")
    assert "expected path ML_ENGINEER" in failure.get("message", "")
    assert "tests/people.yaml:7" in (failure.text or "")


def test_passing_tests_that_cover_too_little_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = PEOPLE[: PEOPLE.index("- name: Has")]
    folder = str(scratch_rules(tmp_path / "rules", people))
    assert run(monkeypatch, capsys, folder)[0] == 0
    assert run(monkeypatch, capsys, folder, "--min-coverage", "20")[0] == 0
    assert run(monkeypatch, capsys, folder, "--min-coverage", "30")[0] == 1


@pytest.mark.parametrize(
    ("tests", "says"),
    [
        (None, "there are no tests; they stand in"),
        ("- {name: A}", "tests/people.yaml:1: a test lacks 'profile'"),
        ("- [", "tests/people.yaml:2: not valid YAML"),
    ],
)
def test_what_does_not_load_is_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tests: str | None,
    says: str,
) -> None:
    folder = scratch_rules(tmp_path / "rules", tests)
    code, out, err = run(monkeypatch, capsys, str(folder))
    assert (code, out) == (2, "")
    assert says in err


def test_rules_that_do_not_load_are_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(monkeypatch, capsys, str(tmp_path / "nowhere"))
    assert code == 2
    assert "no such rules folder" in err


def test_without_a_folder_and_without_tests_in_the_package_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scratch_rules(tmp_path / "rules")
    # As in an installed wheel, where the rules have no tests beside them.
    monkeypatch.setattr("importlib.resources.files", lambda package: folder)
    code, _, err = run(monkeypatch, capsys)
    assert code == 2
    assert "an installed package holds rules without their tests" in err
