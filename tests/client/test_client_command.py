from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import grpc
import pytest
from google.protobuf import json_format

from rolefit.client import parse_profile
from rolefit.client.bundled import example_names, example_text
from rolefit.client.profile_file import UnreadableProfileError, read_profile_file, read_yaml
from rolefit.v1.path_pb2 import PATH_ML_ENGINEER, PATH_UNDETERMINED
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import (
    VIEW_BASIC,
    RecommendRequest,
    RecommendResponse,
)
from tests.client.command import Rolefit

Serve = Callable[..., str]

FOUND = RecommendResponse(
    recommendation=Recommendation(path=PATH_ML_ENGINEER, headline="Ship it.")
)
OPEN = RecommendResponse(recommendation=Recommendation(path=PATH_UNDETERMINED))


@pytest.fixture
def asked() -> list[RecommendRequest]:
    return []


@pytest.fixture
def server(serve: Serve, asked: list[RecommendRequest]) -> str:
    def script(request: RecommendRequest, _: grpc.ServicerContext) -> RecommendResponse:
        asked.append(request)
        return FOUND

    return serve(script)


@pytest.fixture
def profile(tmp_path: File) -> str:
    file = tmp_path / "me.yaml"
    file.write_text("level: SENIOR\n")
    return str(file)


def test_prints_the_answer(rolefit: Rolefit, server: str, profile: str) -> None:
    done = rolefit("recommend", profile, "--server", server)
    assert done.exit_code == 0, done.stderr
    assert "ML engineer" in done.stdout
    assert "Ship it." in done.stdout


def test_prints_proto_json(rolefit: Rolefit, server: str, profile: str) -> None:
    done = rolefit("recommend", profile, "--server", server, "--json")
    assert json_format.Parse(done.stdout, RecommendResponse()) == FOUND


def test_the_server_can_come_from_the_environment(
    rolefit: Rolefit, server: str, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLEFIT_SERVER", server)
    assert rolefit("recommend", profile).exit_code == 0


def test_sends_the_profile_and_the_view(
    rolefit: Rolefit, server: str, asked: list[RecommendRequest], tmp_path: File
) -> None:
    yaml, js = tmp_path / "me.yml", tmp_path / "me.json"
    yaml.write_text("target: {country: NO}\n")
    js.write_text('{"target": {"country": "NO"}}')
    arguments = ("--server", server, "--view", "basic")
    for name, given in ((yaml, None), (js, None), ("-", yaml), ("-", js)):
        text = given.read_text() if given else ""
        assert rolefit("recommend", str(name), *arguments, stdin=text).exit_code == 0
    assert [each.profile.target.country for each in asked] == ["NO"] * 4
    assert {each.view for each in asked} == {VIEW_BASIC}


def test_an_undetermined_answer_has_its_own_code(
    rolefit: Rolefit, serve: Serve, profile: str
) -> None:
    assert rolefit("recommend", profile, "--server", serve(lambda *_: OPEN)).exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend"],
        ["recommend", "a.yaml", "--example", "likes-both"],
        ["recommend", "no-such-file.yaml"],
        ["recommend", "."],
        ["recommend", "--example", "likes-bith"],
        ["recommend", "--example", "likes-both", "--timeout", "0"],
        ["recommend", "--example", "likes-both", "--timeout", "nan"],
        ["recommend", "--example", "likes-both", "--timeout", "1e10"],
        ["recommend", ""],
        ["paths", "undetermined"],
        ["recommend", "--example", "likes-both", "--view", "all"],
        ["examples", "likes-bith"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_bad_usage(rolefit: Rolefit, arguments: list[str]) -> None:
    done = rolefit(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr


def test_a_profile_that_is_not_valid(rolefit: Rolefit, server: str, tmp_path: File) -> None:
    file = tmp_path / "me.yaml"
    file.write_text("level: BOSS\nskills: {eval_design: lots}\n")
    done = rolefit("recommend", str(file), "--server", server)
    assert done.exit_code == 2
    assert "profile.level: expected one of EARLY" in done.stderr
    assert "profile.skills.eval_design: expected a rating from 1 to 5" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("me.json", '{"level": }', "me.json: not JSON: Expecting value at line 1, column 11"),
        (
            "me.yaml",
            "level: MID\n---\nlevel: MID\n",
            "me.yaml, line 2, column 1: expected a single",
        ),
        ("me.yaml", "a" * (2**20 + 1), "me.yaml: larger than a profile can be"),
    ],
    ids=["json", "documents", "size"],
)
def test_a_file_that_holds_no_profile(
    rolefit: Rolefit, tmp_path: File, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    done = rolefit("recommend", str(tmp_path / name))
    assert done.exit_code == 2
    assert said in done.stderr


def test_compared_profiles_are_named_by_their_files(
    rolefit: Rolefit, profile: str, tmp_path: File, nobody: str
) -> None:
    (tmp_path / "bad.yaml").write_text("level: BOSS\n")
    done = rolefit("compare", profile, str(tmp_path / "bad.yaml"), "--server", nobody)
    assert done.exit_code == 2
    assert f"  {tmp_path / 'bad.yaml'}: level: expected one of" in done.stderr


@pytest.mark.parametrize("token", ["two words", "tök", "a\nb"])
def test_a_token_that_is_none(
    rolefit: Rolefit,
    server: str,
    profile: str,
    tmp_path: File,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
) -> None:
    file = tmp_path / "token"
    file.write_text(token)
    call = ("recommend", profile, "--server", server)
    done = rolefit(*call, "--token-file", str(file))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{file}: must hold the token and nothing else")
    assert token not in done.stderr
    monkeypatch.setenv("ROLEFIT_TOKEN", token)
    done = rolefit(*call)
    assert done.exit_code == 2
    assert done.stderr.startswith("$ROLEFIT_TOKEN: must hold the token and nothing else")


def test_nothing_listens(rolefit: Rolefit, nobody: str, profile: str) -> None:
    done = rolefit("recommend", profile, "--server", nobody)
    assert done.exit_code == 4
    assert done.stderr.startswith(f"No rolefit server answers at {nobody}.")


def test_no_answer_in_time(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    over = threading.Event()

    def slow(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        context.add_callback(over.set)
        over.wait(30)
        return FOUND

    done = rolefit("recommend", profile, "--server", serve(slow), "--timeout", "0.05")
    assert done.exit_code == 4
    assert "within 0.05 s" in done.stderr


def test_any_other_error_of_the_server(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    def broken(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        context.abort(grpc.StatusCode.INTERNAL, "it broke")
        raise AssertionError("abort raises")

    done = rolefit("recommend", profile, "--server", serve(broken))
    assert done.exit_code == 5
    assert "it broke" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["ask"],
        ["prep", "--example", "likes-both"],
        ["compare", "--example", "likes-both", "--example", "half-empty"],
        ["reach", "research-scientist", "--example", "likes-both"],
        ["what-if", "--example", "likes-both", "level=mid"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_fails_as_recommend_does(
    rolefit: Rolefit, serve: Serve, nobody: str, command: list[str]
) -> None:
    def broken(_: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        context.abort(grpc.StatusCode.INTERNAL, "it broke")
        raise AssertionError("abort raises")

    done = rolefit(*command, "--server", nobody)
    assert (done.exit_code, done.stdout) == (4, "")
    assert done.stderr.startswith(f"No rolefit server answers at {nobody}.")
    done = rolefit(*command, "--server", serve(broken))
    assert (done.exit_code, done.stdout) == (5, "")
    assert "it broke" in done.stderr
    for option in ("--server", "--timeout", "exit codes:"):
        assert option in rolefit(command[0], "--help").stdout


def test_asks_and_answers(rolefit: Rolefit, server: str, asked: list[RecommendRequest]) -> None:
    done = rolefit("ask", "--server", server)
    assert done.exit_code == 0, done.stderr
    assert "No question is left" in done.stdout
    assert "Questions asked: 0." in done.stdout
    assert len(asked) == 1


def test_help_teaches(rolefit: Rolefit) -> None:
    done = rolefit("--help")
    assert done.exit_code == 0
    for words in ("rolefit recommend me.yaml", "exit codes:", "cannot decide"):
        assert words in done.stdout
    for option in ("--server", "ROLEFIT_SERVER", "localhost:50051", "--view", "--json"):
        assert option in rolefit("recommend", "--help").stdout


def test_lists_the_examples(rolefit: Rolefit) -> None:
    done = rolefit("examples")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == example_names()


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_a_profile(
    rolefit: Rolefit, name: str, server: str, asked: list[RecommendRequest]
) -> None:
    text = example_text(name)
    assert text.startswith("# ")
    assert rolefit("examples", name).stdout == text
    assert rolefit("recommend", "--example", name, "--server", server).exit_code == 0
    assert asked[0].profile.HasField("temperament")


def test_the_examples_tell_looked_at_from_not_looked_at() -> None:
    def publications(name: str) -> dict[str, Any]:
        read = read_yaml(example_text(name), name)
        return dict(json_format.MessageToDict(parse_profile(json.dumps(read)).publications))

    assert publications("half-empty") == {}
    nothing_found = {
        "topTierPapers": 0,
        "otherPapers": 0,
        "influentialOssResearch": False,
        "benchmarkSetting": False,
    }
    assert publications("aspiring-scientist") == nothing_found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: NO", {"a": "NO"}),
        ("a: [on, off, yes, no, Y, y]", {"a": ["on", "off", "yes", "no", "Y", "y"]}),
        ("on: NONE", {"on": "NONE"}),
        ("a: [true, False, null, ~, ]", {"a": [True, False, None, None]}),
        ("a: [1, -2, 010, 0.5, .5, 1e3, 1_000]", {"a": [1, -2, 10, 0.5, 0.5, 1000.0, "1_000"]}),
        ("a: [12:30, 2026-01-01, '5', <<]", {"a": ["12:30", "2026-01-01", "5", "<<"]}),
        ("a:\nb: text # comment", {"a": None, "b": "text"}),
        ("{}", {}),
        ("{a: NO}", {"a": "NO"}),
        ("[1]", [1]),
    ],
)
def test_yaml_without_surprises(text: str, value: Any) -> None:
    assert read_yaml(text, "me.yaml") == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("level: SENIOR\ngoals: [", r"^me\.yaml, line \d, column \d+: "),
        ("a: 1\nb: 2\na: 3", r"^me\.yaml, line 3, column 1: 'a' is given twice"),
        ("a: !!python/object/apply:os.system ['true']", "line 1.*could not determine"),
        ("a: !mine x", "line 1.*!mine"),
        ("a: 1\n---\nb: 2", "line 2"),
        ("a: \x07", "me.yaml"),
        ("# nothing\n", "me.yaml is empty; an empty profile is written {}"),
        ("? [a]\n: 1", "line 1"),
        ("a: *nobody", "line 1.*undefined alias"),
        ("[" * 5000, "not valid YAML|line"),
        ("a: " + "9" * 5000, "not valid YAML"),
    ],
)
def test_yaml_that_cannot_be_read(text: str, says: str) -> None:
    with pytest.raises(UnreadableProfileError, match=says):
        read_yaml(text, "me.yaml")


def test_a_file_that_is_no_text(tmp_path: File) -> None:
    file = tmp_path / "photo.yaml"
    file.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(UnreadableProfileError, match=r"photo\.yaml: not text in UTF-8"):
        read_profile_file(str(file))


def test_a_file_of_plain_text_is_no_profile(tmp_path: File) -> None:
    file = tmp_path / "me.yaml"
    file.write_text("hello world\n", encoding="utf-8")
    with pytest.raises(UnreadableProfileError, match=r"me\.yaml: a profile is written as"):
        read_profile_file(str(file))


def test_a_byte_order_mark_is_no_part_of_the_profile(tmp_path: File) -> None:
    file = tmp_path / "me.yaml"
    file.write_bytes(b"\xef\xbb\xbflevel: MID")
    assert read_profile_file(str(file)) == {"level": "MID"}


def test_json_stays_text_for_the_parser(tmp_path: File) -> None:
    file = tmp_path / "me.json"
    file.write_text('{"level": "MID", "level": "EARLY"}')
    assert read_profile_file(str(file)) == file.read_text()
