"""The decision log of real servers: what it holds, and what it survives."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from rolefit.engine.facts import read_facts
from rolefit.server.decision_record import decode_facts
from rolefit.v1.decision_record_pb2 import DecisionRecord
from rolefit.v1.path_pb2 import Path as PathOfPerson
from rolefit.v1.recommendation_pb2 import Certainty

from .calls import channel, refusal
from .decision_logs import (
    KEY,
    ask,
    decisions,
    limit_file_size,
    log_files,
    person,
    records,
)
from .processes import COMMAND, ServerProcess, clean_environment, eventually, run_command

Start = Callable[..., ServerProcess]
_LOSS_FULL = "LOSS_CAUSE_QUEUE_FULL"


def verified(*places: Path) -> dict[str, Any]:
    done = run_command("log", "verify", "--json", *map(str, places))
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def stop(server: ServerProcess) -> None:
    server.signal(signal.SIGINT)
    assert server.wait() == 0, server.stderr


def test_it_holds_every_answer_and_what_it_rests_on(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    answers = ask(server.port, *range(5))
    with channel(server.port) as opened:
        refusal(opened, b"\xff")
    stop(server)
    logged = decisions(tmp_path)
    assert [each["decision_id"] for each in logged] == [each.decision_id for each in answers]
    for papers, (entry, answer) in enumerate(zip(logged, answers, strict=True)):
        given = answer.recommendation
        assert entry["path"] == PathOfPerson.Name(given.path)
        assert entry["certainty"] == Certainty.Name(given.certainty)
        assert entry["ruleset"]["digest"] == answer.ruleset.digest
        assert decode_facts(entry["facts"]) == read_facts(person(papers))
        assert "wants-novel-research" in entry["rules_fired"]
        assert entry["latency_us"] > 0


def test_every_line_is_the_message_of_the_contract(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    ask(server.port, 1)
    stop(server)
    lines = log_files(tmp_path)[0].read_text().splitlines()
    read = [json_format.Parse(line, DecisionRecord()) for line in lines]
    assert [each.WhichOneof("entry") for each in read] == ["start", "decision", "stop"]
    assert read[1].decision.facts["publications.top_tier_papers"].number_value == 1
    assert [each.sequence for each in read] == [1, 2, 3]


def test_hashes_can_be_checked_without_our_code(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    ask(server.port, 1, 2)
    stop(server)
    previous = "0" * 64
    for record in records(tmp_path):
        claimed = record.pop("hash")
        text = json.dumps(
            record, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        assert (hashlib.sha256(text).hexdigest(), record["previous_hash"]) == (
            claimed,
            previous,
        )
        previous = claimed


def test_full_files_are_kept_up_to_a_number_and_the_chain_goes_on(
    start: Start, tmp_path: Path
) -> None:
    server = start(
        *("--workers", "1", "--decision-log", str(tmp_path)),
        *("--decision-log-max-bytes", "4096", "--decision-log-keep", "3"),
    )
    answers = ask(server.port, *range(20))
    stop(server)
    files = log_files(tmp_path)
    assert len(files) == 4
    assert all(file.stat().st_size <= 4096 for file in files)
    (chain,) = verified(tmp_path)["chains"]
    assert chain["first_sequence"] > 1
    assert chain["last_sequence"] == 22
    kept = decisions(tmp_path)
    last = [answer.decision_id for answer in answers][-len(kept) :]
    assert [each["decision_id"] for each in kept] == last


def test_the_chain_goes_on_after_a_restart(start: Start, tmp_path: Path) -> None:
    for _ in range(2):
        flags = ("--decision-log", str(tmp_path), "--decision-log-fsync")
        server = start("--workers", "1", *flags)
        ask(server.port, 1)
        stop(server)
    (chain,) = verified(tmp_path)["chains"]
    assert (chain["first_sequence"], chain["last_sequence"], chain["gaps"]) == (1, 6, 0)


def test_a_killed_server_leaves_a_gap_that_shows(start: Start, tmp_path: Path) -> None:
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    ask(server.port, 1)
    eventually(lambda: decisions(tmp_path), "the decision in the log")
    server.signal(signal.SIGKILL)
    server.wait()
    with log_files(tmp_path)[0].open("ab") as file:
        file.write(b'{"chain":"cut off')
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    ask(server.port, 2)
    stop(server)
    (chain,) = verified(tmp_path)["chains"]
    assert (chain["decisions"], chain["gaps"], chain["gaps_of_unknown_size"]) == (2, 1, 1)
    kinds = [
        next(k for k in each if k in ("start", "loss", "stop", "decision"))
        for each in records(tmp_path)
    ]
    assert kinds == ["start", "decision", "loss", "start", "decision", "stop"]


def test_a_log_that_cannot_be_gone_on_with_is_set_aside(start: Start, tmp_path: Path) -> None:
    live = tmp_path / "decisions-0.jsonl"
    live.write_text('{"chain":"of somebody else"}\n')
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    ask(server.port, 1)
    stop(server)
    (aside,) = tmp_path.glob("decisions-0.jsonl.broken-*")
    assert aside.read_text() == '{"chain":"of somebody else"}\n'
    (chain,) = verified(tmp_path)["chains"]
    assert (chain["first_sequence"], chain["decisions"], chain["gaps"]) == (1, 1, 1)


def test_every_worker_has_a_chain_and_a_replacement_goes_on_with_it(
    start: Start, tmp_path: Path
) -> None:
    server = start("--workers", "2", "--decision-log", str(tmp_path))
    logs = [tmp_path / f"decisions-{number}.jsonl" for number in (0, 1)]
    eventually(
        lambda: all(log.exists() and log.read_text() for log in logs), "a chain of each worker"
    )
    os.kill(server.worker_pids[0], signal.SIGKILL)
    server.wait_for_events("worker serving", 1)
    for _ in range(6):
        ask(server.port, 1)
    stop(server)
    chains = verified(tmp_path)["chains"]
    assert len(chains) == 2
    assert sum(chain["decisions"] for chain in chains) == 6
    assert sum(chain["gaps"] for chain in chains) == 1
    assert {file.name for file in tmp_path.glob("*.jsonl")} == {
        "decisions-0.jsonl",
        "decisions-1.jsonl",
    }


class ToStandardOutput:
    """A server that logs to its standard output."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.port_file = folder / "port"
        self.process = subprocess.Popen(
            [
                *(*COMMAND, "serve", "--port", "0", "--port-file", self.port_file),
                *("--decision-log", "-", *flags),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
        )
        eventually(self.port_file.exists, "a port file")
        self.port = int(self.port_file.read_text())

    def end(self) -> bytes:
        """Stop it and return all that it wrote."""
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=30)
        return output


@pytest.fixture
def piped(tmp_path: Path) -> Iterator[Callable[..., ToStandardOutput]]:
    started: list[ToStandardOutput] = []

    def start_one(*flags: str) -> ToStandardOutput:
        started.append(ToStandardOutput(tmp_path, *flags))
        return started[-1]

    yield start_one
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_workers_share_standard_output_line_by_line(
    piped: Callable[..., ToStandardOutput], tmp_path: Path
) -> None:
    server = piped("--workers", "2")
    answered: list[str] = []

    def client() -> None:
        for _ in range(5):  # connections of their own, so that both workers get some
            answered.extend(each.decision_id for each in ask(server.port, *range(4)))

    clients = [threading.Thread(target=client) for _ in range(4)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    output = server.end()
    file = tmp_path / "log.jsonl"
    file.write_bytes(output)
    assert len(verified(file)["chains"]) == 2
    logged = [json.loads(line) for line in output.splitlines()]
    ids = [each["decision"]["decision_id"] for each in logged if "decision" in each]
    assert sorted(ids) == sorted(answered)
    assert len(ids) == 80


def test_a_reader_that_does_not_read_stops_no_answer(
    piped: Callable[..., ToStandardOutput], tmp_path: Path
) -> None:
    server = piped("--workers", "1", "--decision-log-queue", "10")
    assert len(ask(server.port, *[1] * 200)) == 200  # several times what a pipe holds
    file = tmp_path / "log.jsonl"
    file.write_bytes(server.end())
    (chain,) = verified(file)["chains"]
    assert chain["decisions"] + chain["lost"] == 200
    assert chain["lost"] > 0


_MASKED = (
    *("--decision-log-drop", "goals.motives,credentials"),
    *("--decision-log-hash", "publications.top_tier_papers,rules_fired"),
)


def check_masked(entries: list[dict[str, Any]], whole: str) -> None:
    hashes = [each["masked"]["publications.top_tier_papers"] for each in entries]
    assert hashes[0] == hashes[2] != hashes[1]
    for each in entries:
        assert each["masked"]["goals.motives"] == ""
        assert each["masked"]["credentials.phd_status"] == ""
        assert len(each["masked"]["rules_fired"]) == 64
        assert each["facts"]["skills.systems_strength"] == 5
        assert "rules_fired" not in each
    for secret in ("USER_IMPACT", "BACHELORS", "wants-novel-research", KEY):
        assert secret not in whole


def test_fields_are_masked_in_files(start: Start, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    folder = tmp_path / "log"
    flags = (*_MASKED, "--decision-log-key", str(key))
    server = start("--workers", "1", "--decision-log", str(folder), *flags)
    ask(server.port, 1, 2, 1)
    stop(server)
    check_masked(decisions(folder), log_files(folder)[0].read_text())


def test_fields_are_masked_on_standard_output(
    piped: Callable[..., ToStandardOutput], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    server = piped("--workers", "1", *_MASKED, "--decision-log-key", str(key))
    ask(server.port, 1, 2, 1)
    output = server.end().decode()
    logged = [json.loads(line) for line in output.splitlines()]
    check_masked([each["decision"] for each in logged if "decision" in each], output)


def test_a_hash_can_stand_for_all_facts(start: Start, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY)
    folder = tmp_path / "log"
    flags = ("--decision-log-facts", "hash", "--decision-log-key", str(key))
    server = start("--workers", "1", "--decision-log", str(folder), *flags)
    ask(server.port, 1, 2, 1)
    stop(server)
    first, second, third = decisions(folder)
    assert first["facts_hash"] == third["facts_hash"] != second["facts_hash"]
    assert "facts" not in first
    assert "systems_strength" not in log_files(folder)[0].read_text()


def test_a_full_disk_stops_no_answer_and_nothing_is_lost_while_it_can_wait(
    start: Start, tmp_path: Path
) -> None:
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    limit_file_size(server.process.pid, 20_000)
    ask(server.port, *range(30))
    server.wait_for_events("decision log cannot be written", 1)
    assert all(file.read_bytes().endswith(b"\n") for file in log_files(tmp_path))
    limit_file_size(server.process.pid, resource.RLIM_INFINITY)
    server.wait_for_events("decision log is written again", 1)
    stop(server)
    (chain,) = verified(tmp_path)["chains"]
    assert (chain["decisions"], chain["gaps"]) == (30, 0)


def test_what_a_full_disk_loses_is_counted_in_its_place(start: Start, tmp_path: Path) -> None:
    flags = ("--decision-log", str(tmp_path), "--decision-log-queue", "10")
    server = start("--workers", "1", *flags)
    limit_file_size(server.process.pid, 4096)  # the server's own log needs some of it
    ask(server.port, *[1] * 50)
    server.wait_for_events("decision log cannot be written", 1)
    limit_file_size(server.process.pid, resource.RLIM_INFINITY)
    server.wait_for_events("decision log is written again", 1)
    after = ask(server.port, 2)
    stop(server)
    (chain,) = verified(tmp_path)["chains"]
    assert chain["decisions"] + chain["lost"] == 51
    assert chain["gaps"] >= 1
    losses = [each["loss"] for each in records(tmp_path) if "loss" in each]
    assert {each["cause"] for each in losses} == {_LOSS_FULL}
    assert decisions(tmp_path)[-1]["decision_id"] == after[0].decision_id
    assert server.events("decisions missing in the decision log")


def test_a_device_that_is_always_full_stops_no_answer(start: Start, tmp_path: Path) -> None:
    (tmp_path / "decisions-0.jsonl").symlink_to("/dev/full")
    server = start("--workers", "1", "--decision-log", str(tmp_path))
    assert len(ask(server.port, *range(10))) == 10
    stop(server)
    (line,) = server.events("decision log ends without its last records")
    assert line["decisions_lost"] == 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system takes root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_the_log_recovers_when_a_disk_has_room_again(start: Start, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"0" * 48 * 1024)
    server = start("--workers", "1", "--decision-log", str(small_disk))
    ask(server.port, *range(12))
    server.wait_for_events("decision log cannot be written", 1)
    ballast.unlink()
    server.wait_for_events("decision log is written again", 1)
    stop(server)
    (chain,) = verified(small_disk)["chains"]
    assert (chain["decisions"], chain["gaps"]) == (12, 0)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--decision-log-drop", "skills.sistems"), "--decision-log-drop: the profile has no"),
        (("--decision-log-hash", "caller"), "--decision-log-hash needs --decision-log-key"),
        (("--decision-log-facts", "hash"), "--decision-log-facts hash needs"),
        (("--decision-log-key", "/nowhere/key"), "--decision-log-key /nowhere/key: No such"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(
    flags: tuple[str, ...], complaint: str, tmp_path: Path
) -> None:
    done = run_command(
        "serve", "--port", "0", "--workers", "1", "--decision-log", str(tmp_path), *flags
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"rolefit-server: {complaint}")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file" / "log")
    done = run_command("serve", "--port", "0", "--workers", "1", "--decision-log", place)
    assert done.returncode == 1
    assert done.stderr == f"rolefit-server: --decision-log {place}: Not a directory\n"
