"""`rolefit reach` and `rolefit what-if`, and `find_changes`, on a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import json_format

from rolefit.client import (
    AsyncClient,
    ChangeOutcome,
    Changes,
    Client,
    Effort,
    InvalidProfile,
    InvalidRequest,
    Ternary,
    parse_profile,
)
from rolefit.client import Path as Career
from rolefit.client.bundled import example_names, example_text
from rolefit.client.profile_file import read_yaml
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import CompareProfilesResponse, FindChangesResponse
from tests.end_to_end.conversation import rolefit
from tests.server.processes import ServerProcess

# A name of the contract, such as RISK_NARROW_SEATS or goals.motives; prose has none.
CODE = re.compile(r"\b[A-Z]{2,}_[A-Z_]+\b|\b[a-z]+_[a-z_]+\b|\b[a-z]+\.[a-z]+_")
ASPIRANT = "aspiring-scientist"
TARGETS = [
    path
    for path in Career
    if path not in (Career.UNSPECIFIED, Career.UNDETERMINED, Career.UNRECOGNIZED)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(f"localhost:{server.port}", timeout=30) as client:
        yield client


def example(name: str) -> CandidateProfile:
    return parse_profile(read_yaml(example_text(name), name))  # type: ignore[arg-type]


def content(changes: Changes) -> bytes:
    """The answer's bytes, decision id aside."""
    message = FindChangesResponse()
    message.CopyFrom(changes.message)
    message.decision_id = ""
    return message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("name", example_names())
@pytest.mark.parametrize("target", TARGETS)
def test_every_change_leads_where_it_says(client: Client, name: str, target: Career) -> None:
    start = example(name)
    found = client.find_changes(start, target, wishes_may_change=True)
    assert found.current_path is client.recommend(start, view="BASIC").path
    assert (found.outcome is ChangeOutcome.FOUND) == bool(found.changes)
    assert (found.outcome is ChangeOutcome.ALREADY) == (found.current_path is target)
    for change in found.changes:
        answer = client.recommend(change.profile, view="BASIC")
        assert answer.path is target
        assert change.recommendation.path is target
        assert answer.certainty is change.recommendation.certainty
        differing = client.compare(start, change.profile, view="BASIC").differences
        assert {each.field for each in differing} == {each.field for each in change.fields}


def test_every_change_that_opens_a_path_does(client: Client) -> None:
    found = client.find_changes(example(ASPIRANT), "research-scientist", goal="OPEN")
    assert found.changes
    for change in found.changes:
        held = client.recommend(change.profile).assessment_of(Career.RESEARCH_SCIENTIST)
        assert held is not None
        assert held.open_now is Ternary.YES


def test_limits_limit(client: Client) -> None:
    start, target = example(ASPIRANT), Career.RESEARCH_SCIENTIST
    every = client.find_changes(start, target, max_changes=20)
    assert len(client.find_changes(start, target, max_changes=2).changes) == 2
    kept = "publications.top_tier_papers"
    assert any(kept in {each.field for each in change.fields} for change in every.changes)
    without = client.find_changes(start, target, max_changes=20, keep=[kept])
    assert without.changes
    for change in without.changes:
        assert kept not in {each.field for each in change.fields}
    for change in client.find_changes(start, target, max_changes=20, max_fields=1).changes:
        assert len(change.fields) == 1
    soon = client.find_changes(start, target, max_effort=Effort.WEEKS)
    assert (soon.outcome, soon.changes) == (ChangeOutcome.NONE_EXISTS, ())


def test_wishes_stay_unless_they_may_change(client: Client) -> None:
    start = example(ASPIRANT)
    assert client.find_changes(start, "ml-engineer").outcome is ChangeOutcome.NONE_EXISTS
    found = client.find_changes(start, "ml-engineer", wishes_may_change=True)
    assert found.outcome is ChangeOutcome.FOUND
    assert all(Effort.WISH in {f.effort for f in each.fields} for each in found.changes)


def test_the_async_client_finds_the_same(server: ServerProcess, client: Client) -> None:
    async def find() -> Changes:
        async with AsyncClient(f"localhost:{server.port}", timeout=30) as each:
            return await each.find_changes(example(ASPIRANT), Career.RESEARCH_SCIENTIST)

    found = client.find_changes(example(ASPIRANT), Career.RESEARCH_SCIENTIST)
    assert content(asyncio.run(find())) == content(found)


def test_bad_limits_and_bad_profiles_are_told_apart(client: Client) -> None:
    with pytest.raises(InvalidRequest, match=r"^limits\.keep\[0\]") as error:
        client.find_changes({}, "ml-engineer", keep=["horoscope"])
    assert not isinstance(error.value, InvalidProfile)
    with pytest.raises(InvalidRequest, match=r"^limits\.max_changes"):
        client.find_changes({}, "ml-engineer", max_changes=21)
    with pytest.raises(InvalidProfile, match=r"^profile\.skills\.model_depth"):
        client.find_changes({"skills": {"model_depth": 9}}, "ml-engineer")


@pytest.mark.parametrize("name", example_names())
def test_what_a_path_would_need_is_that_far_away(client: Client, name: str) -> None:
    for held in client.recommend(example(name)).assessments:
        if held.would_need:
            found = client.find_changes(
                example(name), held.path, wishes_may_change=True, max_changes=20
            )
            fewest = min((len(each.fields) for each in found.changes), default=99)
            # A change is one way only where the rule set says so; what a path would need
            # is not bound by that.
            assert len(held.would_need) <= fewest


@pytest.mark.parametrize("name", example_names())
def test_margins_lie_where_the_path_changes(client: Client, name: str) -> None:
    answer = client.recommend(example(name))
    for margin in answer.margins:
        flips = [flip for flip in (margin.below, margin.above) if flip is not None]
        assert flips
        assert all(flip.path is not answer.path for flip in flips)


def test_reach_prints_what_was_found(
    server: ServerProcess, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "me.yaml").write_text(example_text(ASPIRANT))
    given = ("reach", "research-scientist", "me.yaml")
    done = rolefit(*given, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    found = client.find_changes(example(ASPIRANT), Career.RESEARCH_SCIENTIST)
    assert found.headline in printed
    for change in found.changes:
        for each in change.fields:
            assert f"{each.label}: {each.observed} → {each.needed}" in printed
    assert printed.count("Then: Research scientist · certain") == len(found.changes)
    assert not CODE.search(done.stdout.partition("\nRules ")[0])
    as_json = rolefit(*given, "--json", port=server.port, folder=tmp_path)
    parsed = json_format.Parse(as_json.stdout, FindChangesResponse())
    assert list(parsed.changes) == list(found.message.changes)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("research-engineer",), "nothing has to change"),
        (("ml-engineer", "--open"), "nothing has to change"),
        (("ml-engineer",), "That is proven"),
        (("research-scientist", "--within", "weeks"), "Worth trying: a longer --within"),
    ],
)
def test_reach_says_so_if_there_is_nothing_to_change(
    server: ServerProcess, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    given = ("reach", *arguments, "--example", ASPIRANT)
    done = rolefit(*given, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert words in " ".join(done.stdout.split())
    assert "1. " not in done.stdout.partition("\nRules ")[0]


def test_what_if_says_what_a_change_does(
    server: ServerProcess, client: Client, tmp_path: Path
) -> None:
    given = ("what-if", "--example", ASPIRANT, "top-tier-papers=3", "level=mid")
    done = rolefit(*given, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    for words in (
        "The answer changes from research engineer to research scientist.",
        "Now: Research engineer · certain",
        "Then: Research scientist · certain",
        "Papers at top-tier venues: this alone leads to Research scientist",
        "Your 3 top-tier papers count like a doctorate for research posts.",
    ):
        assert words in printed
    assert not CODE.search(done.stdout.partition("\nRules ")[0])
    as_json = rolefit(*given, "--json", port=server.port, folder=tmp_path)
    comparison = json_format.Parse(as_json.stdout, CompareProfilesResponse()).comparison
    changed = [each.field for each in comparison.differences]
    assert changed == ["level", "publications.top_tier_papers"]


def test_what_if_leaves_the_file_as_it_is(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "me.yaml"
    file.write_text(example_text(ASPIRANT))
    given = ("what-if", "me.yaml", "--unset", "first-instinct", "likes_research=1")
    done = rolefit(*given, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not given" in done.stdout
    assert file.read_text() == example_text(ASPIRANT)


def test_what_if_that_changes_nothing(server: ServerProcess, tmp_path: Path) -> None:
    given = ("what-if", "--example", ASPIRANT, "top_tier_papers=0")
    done = rolefit(*given, port=server.port, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Nowhere: they say the same." in done.stdout


def test_a_bad_profile_is_named_once(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "me.yaml").write_text("skills: {model_depth: 9}\n")
    done = rolefit("what-if", "me.yaml", "level=mid", port=server.port, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("skills.model_depth") == 1
