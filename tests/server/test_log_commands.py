"""`rolefit-server log verify` and `replay`, over logs that a real server wrote."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rolefit.v1.recommendation_service_pb2 import RecommendResponse

from .decision_logs import KEY, RULES, ask, candidate_rules
from .processes import ServerProcess, run_command

Lines = list[bytes]
# The log of `recorded`: a start, three decisions, a stop.
_DECISION = 2


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[RecommendResponse]]:
    """A log of decisions about people with 1, 2 and 3 papers, and the answers."""
    folder = tmp_path_factory.mktemp("recorded")
    log = folder / "log"
    server = ServerProcess(folder, "--workers", "1", "--decision-log", str(log))
    try:
        answers = ask(server.port, 1, 2, 3)
    finally:
        server.stop()
    return log, answers


@pytest.fixture
def lines(recorded: tuple[Path, object]) -> Lines:
    return (recorded[0] / "decisions-0.jsonl").read_bytes().splitlines(keepends=True)


def _other_path(lines: Lines) -> Lines:
    changed = lines[_DECISION].replace(b"PATH_RESEARCH_ENGINEER", b"PATH_ML_ENGINEER")
    return [*lines[:_DECISION], changed, *lines[_DECISION + 1 :]]


def _two_values(lines: Lines) -> Lines:
    """The first value of a name is another; many readers take the last, some the first."""
    twice = lines[_DECISION].replace(b'"path":', b'"path":"PATH_ML_ENGINEER","path":', 1)
    return [*lines[:_DECISION], twice, *lines[_DECISION + 1 :]]


def _resealed(lines: Lines) -> Lines:
    """A record changed, with a hash that is right for it."""
    record = json.loads(lines[_DECISION])
    record["decision"]["path"] = "PATH_ML_ENGINEER"
    del record["hash"]
    text = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    record["hash"] = hashlib.sha256(text).hexdigest()
    return [*lines[:_DECISION], json.dumps(record).encode() + b"\n", *lines[_DECISION + 1 :]]


TAMPERING: dict[str, tuple[Callable[[Lines], Lines], int, str]] = {
    "a value changed": (_other_path, 3, "its hash is not that of its content"),
    "a name twice": (_two_values, 3, "a name occurs twice"),
    "a record changed and sealed again": (_resealed, 4, "it does not follow from record 3"),
    "a record taken away": (
        lambda lines: [*lines[:2], *lines[3:]],
        3,
        "record 4 where 3 of chain",
    ),
    "records swapped": (
        lambda lines: [*lines[:1], lines[2], lines[1], *lines[3:]],
        2,
        "record 3 where 2 of chain",
    ),
    "a record twice": (lambda lines: [*lines[:3], *lines[2:]], 4, "record 3 where 4 of chain"),
    "the last line cut off": (
        lambda lines: [*lines[:-1], lines[-1][:-9]],
        5,
        "the line is cut off",
    ),
    "something else": (lambda lines: [*lines, b"hello\n"], 6, "no JSON"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_where_it_is(name: str, lines: Lines, tmp_path: Path) -> None:
    tamper, line, reason = TAMPERING[name]
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(tamper(lines)))
    done = run_command("log", "verify", str(file))
    assert done.returncode == 1
    assert f"{file}:{line}: " in done.stdout
    assert reason in done.stdout
    assert done.stdout.endswith("broken\n")
    report = json.loads(run_command("log", "verify", "--json", str(file)).stdout)
    assert report["breaks"][0]["line"] == line


def test_an_untouched_log_holds_and_names_its_end(recorded: tuple[Path, object]) -> None:
    done = run_command("log", "verify", str(recorded[0]))
    assert done.returncode == 0
    last = json.loads((recorded[0] / "decisions-0.jsonl").read_text().splitlines()[-1])
    assert f"ends with {last['hash']}\n" in done.stdout
    assert "records 1 to 5, 3 decisions, no gaps" in done.stdout


def test_a_log_without_its_end_has_no_last_word(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(lines[:-1]))
    done = run_command("log", "verify", str(file))
    assert done.returncode == 0
    assert "without a last word" in done.stdout


def test_other_spelling_of_the_same_json_holds(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "shipped.jsonl"
    shipped = [json.dumps(dict(reversed(json.loads(line).items()))) for line in lines]
    file.write_text("".join(f"{line}\n" for line in shipped))
    assert run_command("log", "verify", str(file)).returncode == 0


def test_a_file_missing_in_the_middle_is_found(lines: Lines, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.jsonl" for name in ("z", "m", "a")]
    for file, part in zip(files, (lines[:2], lines[2:3], lines[3:]), strict=True):
        file.write_bytes(b"".join(part))
    assert run_command("log", "verify", *map(str, files)).returncode == 0
    done = run_command("log", "verify", str(files[0]), str(files[2]))
    assert done.returncode == 1
    assert f"{files[2]}:1: record 4 where 3" in done.stdout


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    for command in (("log", "verify"), ("replay", "--rules", str(RULES))):
        done = run_command(*command, str(tmp_path / "none"))
        assert done.returncode == 2
        assert done.stderr == f"{tmp_path / 'none'}: No such file or directory\n"


def test_replay_shows_who_is_decided_otherwise(
    recorded: tuple[Path, list[RecommendResponse]], tmp_path: Path
) -> None:
    log, answers = recorded
    candidate = candidate_rules(tmp_path / "candidate")
    done = run_command("replay", str(log), "--rules", str(candidate), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["recorded"] == {answers[0].ruleset.digest: 3}
    assert (found["replayed"], found["changed"]) == (3, 1)
    cells = {(each["from"], each["to"]): each for each in found["paths"]}
    assert {change: cell["decisions"] for change, cell in cells.items()} == {
        ("RESEARCH_ENGINEER", "RESEARCH_ENGINEER"): 1,
        ("RESEARCH_ENGINEER", "RESEARCH_SCIENTIST"): 1,
        ("RESEARCH_SCIENTIST", "RESEARCH_SCIENTIST"): 1,
    }
    moved = cells["RESEARCH_ENGINEER", "RESEARCH_SCIENTIST"]
    assert moved["examples"] == [answers[1].decision_id]

    done = run_command("replay", str(log), "--rules", str(candidate), "--fail-on-change")
    assert done.returncode == 1
    expected = f"1 RESEARCH_ENGINEER -> RESEARCH_SCIENTIST, such as {answers[1].decision_id}"
    assert expected in done.stdout
    row = next(line for line in done.stdout.splitlines() if line.startswith("RESEARCH_SCIEN"))
    assert row.split() == ["RESEARCH_SCIENTIST", "1", "0"]


def test_replay_by_the_same_rules_changes_nothing(recorded: tuple[Path, object]) -> None:
    done = run_command("replay", str(recorded[0]), "--rules", str(RULES), "--fail-on-change")
    assert done.returncode == 0
    assert "3 replayed: 0 change their path" in done.stdout


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--decision-log-drop", "publications"), "masked"),
        (("--decision-log-facts", "none"), "left out"),
        (("--decision-log-facts", "hash"), "left out"),
    ],
)
def test_what_was_masked_is_counted_and_not_guessed(
    flags: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    key, log = tmp_path / "key", tmp_path / "log"
    key.write_text(KEY)
    server = ServerProcess(
        tmp_path,
        *("--workers", "1", "--decision-log", str(log)),
        *("--decision-log-key", str(key), *flags),
    )
    try:
        ask(server.port, 1, 2)
    finally:
        server.stop()
    done = run_command("replay", str(log), "--rules", str(RULES), "--json")
    found = json.loads(done.stdout)
    assert (found["replayed"], found["not_replayable"]) == (0, {reason: 2})


def test_masking_what_is_no_fact_keeps_a_log_replayable(tmp_path: Path) -> None:
    log = tmp_path / "log"
    flags = ("--decision-log-drop", "rules_fired,compensation")
    server = ServerProcess(tmp_path, "--workers", "1", "--decision-log", str(log), *flags)
    try:
        ask(server.port, 1)
    finally:
        server.signal(signal.SIGINT)
        server.wait()
    found = run_command("replay", str(log), "--rules", str(RULES))
    assert "1 replayed" in found.stdout


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[]",
        b'{"decision": {}}',
        b'{"decision": {"facts": {"x": 1}, "path": "PATH_ML_ENGINEER", "decision_id": "1",'
        b' "certainty": "CERTAINTY_CERTAIN", "ruleset": {"digest": "d"}}}',
    ],
)
def test_a_line_that_is_no_record_is_named(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(line + b"\n")
    done = run_command("replay", str(file), "--rules", str(RULES))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{file}:1: ")
    assert done.stderr.count("\n") == 1


def test_broken_candidates_are_refused(recorded: tuple[Path, Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(RULES, broken)
    (broken / "thresholds.yaml").write_text("}")
    done = run_command("replay", str(recorded[0]), "--rules", str(broken))
    assert done.returncode == 2
    assert "thresholds.yaml" in done.stderr
