"""The bundled client against a real server on a real port."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.client import (
    Answer,
    AsyncClient,
    Client,
    InvalidProfile,
    ServerUnavailable,
    parse_profile,
)
from rolefit.engine import Engine
from rolefit.v1.recommendation_service_pb2 import View
from tests.cases import CASES, Case
from tests.server.processes import ServerProcess, clean_environment

from .conversation import COMMAND, environment

IDS = [case["id"] for case in CASES]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(f"localhost:{server.port}", timeout=20) as client:
        yield client


def content(answer: Answer) -> bytes:
    """The answer's bytes, decision id aside."""
    return answer.message.recommendation.SerializeToString(deterministic=True)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_candidates(client: Client, case: Case) -> None:
    answer = client.recommend(case["profile"])
    assert answer.path == case["path"]
    assert set(case["mentions"]) <= {finding.code for finding in answer.findings}
    assert answer.ruleset.digest.startswith("sha256:")


def test_answer_is_the_engines(client: Client, engine: Engine) -> None:
    for case in CASES:
        answer = client.recommend(json.dumps(case["profile"]), view="FULL")
        profile = parse_profile(case["profile"])
        assert answer.message.recommendation == engine.recommend(profile, View.VIEW_FULL)


def test_async_client_gives_the_same(server: ServerProcess, client: Client) -> None:
    async def ask() -> list[bytes]:
        async with AsyncClient(f"localhost:{server.port}", timeout=20) as each:
            answers = await asyncio.gather(*(each.recommend(c["profile"]) for c in CASES))
        return [content(answer) for answer in answers]

    assert asyncio.run(ask()) == [content(client.recommend(c["profile"])) for c in CASES]


def test_same_profile_same_bytes_and_a_new_decision_id(client: Client) -> None:
    first, second = (client.recommend(CASES[0]["profile"]) for _ in range(2))
    assert content(first) == content(second)
    assert first.decision_id != second.decision_id


def test_eight_threads_get_what_one_gets(client: Client) -> None:
    expected = [content(client.recommend(case["profile"])) for case in CASES]
    wrong: list[str] = []

    def work() -> None:
        for case, right in zip(CASES, expected, strict=True):
            if content(client.recommend(case["profile"])) != right:
                wrong.append(case["id"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_every_bad_field_is_listed(client: Client) -> None:
    with pytest.raises(InvalidProfile) as error:
        client.recommend(
            {
                "skills": {"model_depth": 9},
                "engineering": {"integration_time_share": 1.4, "years_software": -1},
                "target": {"country": "Germany"},
            }
        )
    fields = {violation.field for violation in error.value.violations}
    assert fields == {
        "profile.skills.model_depth",
        "profile.engineering.integration_time_share",
        "profile.engineering.years_software",
        "profile.target.country",
    }


def test_attribute_outside_of_the_schema_is_refused(client: Client) -> None:
    with pytest.raises(InvalidProfile, match=r"profile\.age"):
        client.recommend({"age": 54})


def test_empty_profile_says_what_to_ask(client: Client) -> None:
    answer = client.recommend({})
    assert answer.path == "UNDETERMINED"
    assert answer.next_questions[0].field == "temperament.first_instinct"
    assert answer.next_questions[0].options == ("DEPLOY", "UNDERSTAND", "BOTH")


def test_basic_view_is_small(client: Client) -> None:
    for case in CASES:
        answer = client.recommend(case["profile"], view="BASIC")
        assert answer.path == case["path"]
        assert not answer.assessments


def test_nobody_there() -> None:
    with Client("localhost:1") as nobody, pytest.raises(ServerUnavailable, match="localhost:1"):
        nobody.recommend({})


@pytest.mark.parametrize(
    ("example", "status", "words"),
    [
        ("clear-engineer", 0, "ML engineer"),
        ("half-empty", 3, "top-tier"),
        ("aspiring-scientist", 0, "Research engineer"),
        ("published-phd", 0, "Research scientist"),
        ("likes-both", 0, "Applied scientist"),
    ],
)
def test_command(server: ServerProcess, example: str, status: int, words: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rolefit.client", "recommend"),
            *("--server", f"localhost:{server.port}", "--example", example),
        ],
        capture_output=True,
        text=True,
        env={**clean_environment(), "COLUMNS": "100", "PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert words in done.stdout


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "examples", "likes-both"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "standard output: No space left on device\n")


def test_a_reader_that_has_enough(server: ServerProcess, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "rules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(server.port),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
