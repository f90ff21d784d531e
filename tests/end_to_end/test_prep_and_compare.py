"""`rolefit prep` and `rolefit compare`, and the methods behind them, on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import json_format

from rolefit.client import Client, InvalidProfile, parse_profile
from rolefit.client import Path as Career
from rolefit.client.bundled import example_names, example_text
from rolefit.client.profile_file import read_yaml
from rolefit.engine import Engine
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import CompareProfilesResponse, PrepareResponse, View
from tests.end_to_end.conversation import rolefit
from tests.server.processes import ServerProcess

# A name of the contract, such as RISK_NARROW_SEATS or goals.motives; prose has none.
CODE = re.compile(r"\b[A-Z]{2,}_[A-Z_]+\b|\b[a-z]+_[a-z_]+\b|\b[a-z]+\.[a-z]+_")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(f"localhost:{server.port}", timeout=20) as client:
        yield client


def example(name: str) -> CandidateProfile:
    return parse_profile(read_yaml(example_text(name), name))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", example_names())
def test_a_pack_is_the_engines(client: Client, engine: Engine, name: str) -> None:
    pack = client.prepare(example(name))
    prepared = engine.prepare(example(name))
    assert str(pack.recommended_path) == prepared.path
    assert list(pack.message.preparations) == prepared.preparations


def test_prepares_for_the_paths_asked_for(client: Client) -> None:
    wanted = (Career.RESEARCH_SCIENTIST, Career.APPLIED_SCIENTIST)
    pack = client.prepare(example("clear-engineer"), paths=wanted)
    assert tuple(each.path for each in pack.preparations) == wanted
    assert pack.recommended_path is Career.ML_ENGINEER


def test_a_comparison_is_the_engines(client: Client, engine: Engine) -> None:
    a, b = example("half-empty"), example("published-phd")
    compared = client.compare(a, b, view="BASIC")
    assert compared.message.comparison == engine.compare(a, b, View.VIEW_BASIC)
    assert compared.ruleset.digest.startswith("sha256:")


def test_the_server_names_the_profile_that_is_not_valid(client: Client) -> None:
    bad = {"skills": {"model_depth": 9}}
    with pytest.raises(InvalidProfile) as error:
        client.compare(bad, bad)
    fields = {violation.field for violation in error.value.violations}
    assert fields == {"a.skills.model_depth", "b.skills.model_depth"}
    with pytest.raises(InvalidProfile, match=r"profile\.skills\.model_depth"):
        client.prepare(bad)


@pytest.mark.parametrize("name", example_names())
def test_prep_says_what_to_prepare(
    server: ServerProcess, client: Client, tmp_path: Path, name: str
) -> None:
    done = rolefit("prep", "--example", name, port=server.port, folder=tmp_path)
    pack = client.prepare(example(name))
    assert done.returncode == (3 if pack.recommended_path is Career.UNDETERMINED else 0)
    printed = " ".join(done.stdout.split())
    for preparation in pack.preparations:
        for item in (*preparation.resume, *preparation.negotiation, *preparation.next_steps):
            assert item.message in printed
        for interview_round in preparation.rounds:
            assert interview_round.title in printed
    assert not CODE.search(done.stdout.partition("\nRules ")[0])


def test_prep_for_one_path(server: ServerProcess, tmp_path: Path) -> None:
    arguments = ("prep", "--example", "half-empty", "--path", "ml-engineer")
    done = rolefit(*arguments, port=server.port, folder=tmp_path)
    assert "ML engineer: the interview loop" in done.stdout
    assert "Research scientist:" not in done.stdout
    for word in ("Round", "Evidence", "Why", "unknown"):
        assert word in done.stdout
    as_json = rolefit(*arguments, "--json", port=server.port, folder=tmp_path)
    response = json_format.Parse(as_json.stdout, PrepareResponse())
    assert [each.path for each in response.preparations] == [1]


def test_compare_says_what_lies_between(
    server: ServerProcess, client: Client, tmp_path: Path
) -> None:
    for name in ("half-empty", "published-phd"):
        (tmp_path / f"{name}.yaml").write_text(example_text(name))
    files = ("compare", "half-empty.yaml", "published-phd.yaml")
    done = rolefit(*files, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    compared = client.compare(example("half-empty"), example("published-phd"))
    printed = " ".join(done.stdout.split())
    assert compared.headline in printed
    for found in (*compared.gained, *compared.lost):
        assert found.message in printed
    for difference in compared.differences:
        assert re.search(rf"{difference.label} +{difference.a} +{difference.b}\b", done.stdout)
    assert "this alone leads the first profile to Research scientist" in printed
    assert not CODE.search(done.stdout.partition("\nRules ")[0])
    as_json = rolefit(*files, "--json", port=server.port, folder=tmp_path)
    parsed = json_format.Parse(as_json.stdout, CompareProfilesResponse())
    assert parsed.comparison == compared.message.comparison


def test_compare_with_examples(server: ServerProcess, tmp_path: Path) -> None:
    same = ("compare", "--example", "likes-both", "--example", "likes-both")
    done = rolefit(*same, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Both profiles come to the same answer" in done.stdout
    assert "Nowhere: they say the same." in done.stdout
    assert "What changed the path" not in done.stdout
    mixed = rolefit(
        *("compare", "-", "--example", "likes-both"),
        port=server.port,
        folder=tmp_path,
        stdin="{}",
    )
    assert "The answer changes from undetermined" in mixed.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "-"],
        ["compare", "-", "-"],
        ["compare", "--example", "likes-both"],
        ["compare", "-", "-", "-"],
        ["compare", "--example", "likes-bith", "--example", "likes-both"],
        ["prep"],
        ["prep", "--example", "likes-both", "--path", "manager"],
    ],
    ids=" ".join,
)
def test_bad_usage(server: ServerProcess, tmp_path: Path, arguments: list[str]) -> None:
    done = rolefit(*arguments, port=server.port, folder=tmp_path, stdin="{}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_the_full_view_of_an_answer_has_the_preparations(
    server: ServerProcess, tmp_path: Path
) -> None:
    arguments = ("recommend", "--example", "clear-engineer", "--view")
    full = rolefit(*arguments, "full", port=server.port, folder=tmp_path)
    assert "ML engineer: the interview loop" in full.stdout
    assert full.stdout.count("Prepare one detailed production story") == 1
    standard = rolefit(*arguments, "standard", port=server.port, folder=tmp_path)
    assert "the interview loop" not in standard.stdout
    for printed in (full.stdout, standard.stdout):
        assert "the two tracks overlap" in printed
