"""The catalogue, from the rules folder through a real server to clients and commands."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from google.protobuf import json_format

from rolefit.client import (
    AsyncClient,
    Client,
    InvalidProfile,
    InvalidRequest,
    NotFound,
    Path,
    RolefitError,
    RuleLayer,
    ServerUnavailable,
)
from rolefit.client.cli import run
from rolefit.engine import Engine
from rolefit.v1 import catalogue_service_pb2 as pb
from tests.server.processes import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield f"localhost:{started.port}"
    started.stop()


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[Client]:
    with Client(server, timeout=20) as client:
        yield client


# -- Clients -----------------------------------------------------------------------------


def test_paths(client: Client) -> None:
    paths = client.list_paths()
    assert [path.path for path in paths] == list(Path)[1:6]
    assert all(path.tagline.text and path.tagline.claims for path in paths)
    engineer = client.get_path("ml-engineer")
    assert engineer == client.get_path(Path.ML_ENGINEER) == paths[0]
    assert engineer.title == "ML engineer"
    assert engineer.sections[0].statements[0].claims


def test_comparison(client: Client) -> None:
    rows = client.compare_paths()
    assert rows == client.compare_paths(["ML_ENGINEER", "RESEARCH_SCIENTIST"])
    asked = (Path.RESEARCH_SCIENTIST, Path.RESEARCH_ENGINEER)
    rows = client.compare_paths(asked)
    assert {tuple(cell.path for cell in row.cells) for row in rows} == {asked}
    assert any(row.cells[1].statement is None for row in rows)


def test_rules(client: Client, engine: Engine) -> None:
    rules = list(client.list_rules())
    assert {rule.id for rule in rules} == {rule.id for rule in engine.ruleset.rules}
    found = list(client.list_rules(code="RISK_NARROW_SEATS"))
    assert found == [rule for rule in rules if rule.concludes == "RISK_NARROW_SEATS"]
    assert client.get_rule(found[0].id) == found[0]
    assert found[0].layer is RuleLayer.FINDING
    verdicts = client.list_rules(layer="verdict", path=Path.RESEARCH_SCIENTIST, claim="G26")
    assert {rule.concludes for rule in verdicts} == {"RESEARCH_SCIENTIST"}


def test_the_rest(client: Client, engine: Engine) -> None:
    about = client.get_ruleset()
    assert about.ruleset.digest == engine.ruleset.digest
    assert about.rule_count == len(engine.ruleset.rules)
    assert about.vocabulary[0].label
    assert about.conventions[0].why
    claims = client.list_claims()
    assert [claim.id for claim in claims] == list(engine.ruleset.claims)
    assert all(claim.homes for claim in claims)
    codes = client.list_codes()
    assert [code.code for code in codes] == list(engine.ruleset.codes)


def test_both_clients_give_the_same(server: str, client: Client) -> None:
    async def ask() -> list[Any]:
        async with AsyncClient(server, timeout=20) as each:
            return [
                await each.list_paths(),
                await each.get_path("ML_ENGINEER"),
                await each.compare_paths(),
                [rule async for rule in each.list_rules(layer="FINDING")],
                await each.get_rule("narrow-seats"),
                await each.get_ruleset(),
                await each.list_claims(),
                await each.list_codes(),
            ]

    assert asyncio.run(ask()) == [
        client.list_paths(),
        client.get_path("ML_ENGINEER"),
        client.compare_paths(),
        list(client.list_rules(layer="FINDING")),
        client.get_rule("narrow-seats"),
        client.get_ruleset(),
        client.list_claims(),
        client.list_codes(),
    ]


def test_what_is_not_there(server: str, client: Client) -> None:
    with pytest.raises(NotFound, match=r"^There is no rule 'narrow-seat'; did you mean") as no:
        client.get_rule("narrow-seat")
    assert no.value.reason == "NOT_FOUND"
    with pytest.raises(NotFound, match="has no path PATH_UNDETERMINED"):
        client.get_path("UNDETERMINED")

    async def ask() -> None:
        async with AsyncClient(server, timeout=20) as each:
            await each.get_rule("narrow-seat")

    with pytest.raises(NotFound):
        asyncio.run(ask())


def test_what_is_not_valid(client: Client) -> None:
    with pytest.raises(InvalidRequest, match=r"^claim: must be a claim") as bad:
        next(client.list_rules(claim="G999"))
    assert not isinstance(bad.value, InvalidProfile)
    assert [violation.field for violation in bad.value.violations] == ["claim"]
    with pytest.raises(InvalidRequest, match="repeats PATH_ML_ENGINEER"):
        client.compare_paths(["ML_ENGINEER", "ML_ENGINEER"])


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get_path("MLE"),
        lambda client: client.compare_paths(["ML_ENGINEER", "CEO"]),
        lambda client: client.compare_paths("ML_ENGINEER"),
        lambda client: client.list_rules(path="CEO"),
        lambda client: client.list_rules(layer="LAST"),
        lambda client: client.list_rules(layer="UNSPECIFIED"),
    ],
)
def test_words_that_the_contract_does_not_know(
    client: Client, ask: Callable[[Client], object]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        ask(client)


def test_a_client_without_a_server_or_closed() -> None:
    with Client("localhost:1") as nobody, pytest.raises(ServerUnavailable):
        nobody.list_codes()
    with pytest.raises(RolefitError, match="is closed"):
        nobody.list_codes()


# -- Commands ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str


Rolefit = Callable[..., Done]


@pytest.fixture
def rolefit(
    server: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Rolefit:
    """Runs the command in this process against the server."""
    monkeypatch.setenv("ROLEFIT_SERVER", server)
    monkeypatch.setenv("COLUMNS", "120")

    def invoke(*arguments: str) -> Done:
        try:
            code = run(arguments)
        except SystemExit as left:
            code = cast(int, left.code)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return invoke


def words(text: str) -> str:
    """The text without its layout."""
    return " ".join(text.split())


def test_command_paths(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("paths")
    assert done.exit_code == 0, done.stderr
    for path in client.list_paths():
        assert path.title in done.stdout
        assert path.tagline.text[:30] in done.stdout


def test_command_one_path(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("paths", "research-scientist")
    assert done.exit_code == 0, done.stderr
    for section in client.get_path("RESEARCH_SCIENTIST").sections:
        assert section.title in done.stdout
        for statement in section.statements:
            assert statement.text in words(done.stdout)


def test_command_comparison(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("paths", "RESEARCH_SCIENTIST", "applied-scientist")
    assert done.exit_code == 0, done.stderr
    head = done.stdout.splitlines()[0]
    assert head.index("Research scientist") < head.index("Applied scientist")
    assert "Core job" in done.stdout


def test_command_rules(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("rules", "--path", "research-scientist", "--layer", "verdict")
    assert done.exit_code == 0, done.stderr
    rules = list(client.list_rules(path="RESEARCH_SCIENTIST", layer="VERDICT"))
    assert all(rule.id in done.stdout for rule in rules)
    assert f"{len(rules)} rule" in done.stdout
    both = rolefit("rules", "--claim", "g10", "--code", "risk-narrow-seats")
    assert "narrow-seats-senior" in both.stdout


def test_command_one_rule(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("rules", "narrow-seats")
    assert done.exit_code == 0, done.stderr
    rule = client.get_rule("narrow-seats")
    for text in (rule.condition, rule.concludes, *rule.sentences, *rule.claims, rule.source):
        assert words(text) in words(done.stdout)
    assert re.search(r"\n +any of\n? +\n? +level is not SENIOR", done.stdout)


def test_command_claims(rolefit: Rolefit) -> None:
    done = rolefit("claims")
    assert done.exit_code == 0, done.stderr
    assert "pay band ML_ENGINEER MID" in done.stdout
    assert done.stdout.strip().splitlines()[-1].strip() == "136 of 136 claims have a home"


def test_command_explain(rolefit: Rolefit, client: Client) -> None:
    done = rolefit("explain", "risk-narrow-seats")
    assert done.exit_code == 0, done.stderr
    (code,) = (each for each in client.list_codes() if each.code == "RISK_NARROW_SEATS")
    said = words(done.stdout)
    assert code.meaning in said
    for claim in client.list_claims():
        assert (claim.text in said) == (claim.id in code.claims)
    for rule in client.list_rules(code=code.code):
        assert rule.id in said
        assert words(rule.condition) in said


@pytest.mark.parametrize(
    ("arguments", "response", "part"),
    [
        (("paths",), pb.ListPathsResponse(), "paths"),
        (("paths", "ml-engineer"), pb.GetPathResponse(), "path"),
        (("paths", "ml-engineer", "research-scientist"), pb.ComparePathsResponse(), "rows"),
        (("rules",), pb.ListRulesResponse(), "rules"),
        (("rules", "narrow-seats"), pb.GetRuleResponse(), "rule"),
        (("claims",), pb.ListClaimsResponse(), "claims"),
    ],
)
def test_command_json(
    rolefit: Rolefit, arguments: tuple[str, ...], response: Any, part: str
) -> None:
    done = rolefit(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    assert getattr(json_format.Parse(done.stdout, response), part)


def test_command_explain_json(rolefit: Rolefit) -> None:
    parts = json.loads(rolefit("explain", "RISK_NARROW_SEATS", "--json").stdout)
    assert parts["code"]["kind"] == "FINDING_KIND_RISK"
    assert [rule["id"] for rule in parts["rules"]] == parts["code"]["ruleIds"]
    assert [claim["id"] for claim in parts["claims"]] == parts["code"]["claims"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("rules", "narrow-seat"), 5, "did you mean 'narrow-seats'?"),
        (("explain", "RISK_NARROW"), 5, "did you mean RISK_NARROW_SEATS?"),
        (("paths", "undetermined"), 2, "there is no path 'undetermined'"),
        (("paths", "mle"), 2, "there are ml-engineer,"),
        (("rules", "--claim", "G999"), 2, "claim: must be a claim of the guide"),
        (("rules", "--layer", "last"), 2, "layer must be one of SIGNAL"),
        (("rules", "narrow-seats", "--claim", "G10"), 2, "not both"),
        (("paths", "ml-engineer", "ml-engineer"), 2, "repeats PATH_ML_ENGINEER"),
        (("explain",), 2, "required"),
        (("claims", "--server", "localhost:1"), 4, "localhost:1"),
    ],
)
def test_command_failures(
    rolefit: Rolefit, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = rolefit(*arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
