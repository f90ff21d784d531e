"""`rolefit ask` against the rules and a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.client import Client
from rolefit.client.profile_file import read_yaml
from rolefit.engine import Engine
from tests.end_to_end.conversation import Conversation, rolefit
from tests.end_to_end.people import ASKED, PEOPLE, Person
from tests.server.processes import ServerProcess

SAVE_PROMPT = "Save the profile to"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    started = ServerProcess(tmp_path_factory.mktemp("server"), "--workers", "1")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def questions(engine: Engine) -> dict[str, str]:
    """The fields by the question that asks for them."""
    vocabulary = engine.ruleset.vocabulary
    return {vocabulary.words[path].question: path for path in vocabulary.ask_order}


class Replies:
    """Types a person's answers, and notes which fields were asked for."""

    def __init__(self, person: Person, questions: dict[str, str]) -> None:
        self._answers = person.answers
        self._questions = questions
        self.asked: list[str] = []
        self.instead: dict[str, list[str | None]] = {}
        """What to type at a field first, once each, before its answer."""

    def __call__(self, printed: str) -> str | None:
        if SAVE_PROMPT in printed:
            return ""
        for question, field in self._questions.items():
            if question in printed:
                self.asked.append(field)
        field = self.asked[-1]
        if self.instead.get(field):
            return self.instead[field].pop(0)
        return self._answers[field]


def how_many(conversation: Conversation) -> int:
    found = re.search(r"Questions asked: (\d+)", conversation.printed)
    assert found is not None, conversation.printed + conversation.stderr
    return int(found.group(1))


def test_everybody_has_an_answer_to_every_question(engine: Engine) -> None:
    assert set(ASKED) == set(engine.ruleset.vocabulary.ask_order)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_asks_until_the_path_is_certain(
    server: ServerProcess, questions: dict[str, str], person: Person, tmp_path: Path
) -> None:
    replies = Replies(person, questions)
    done = Conversation("--save", "me.yaml", port=server.port, folder=tmp_path, reply=replies)
    assert done.code == 0, done.stderr
    assert f"That settles it: {person.path}." in done.words
    assert f"{person.path} · certain" in done.words
    assert len(replies.asked) == len(set(replies.asked)) == how_many(done)

    saved = (tmp_path / "me.yaml").read_text()
    with Client(f"localhost:{server.port}", timeout=20) as client:
        answer = client.recommend(read_yaml(saved, "me.yaml"))  # type: ignore[arg-type]
    assert (str(answer.certainty), answer.next_questions) == ("CERTAIN", ())
    again = rolefit("ask", "me.yaml", port=server.port, folder=tmp_path)
    assert "Questions asked: 0." in again.stdout
    assert answer.headline in " ".join(again.stdout.split())


def test_says_how_each_answer_narrows(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path
) -> None:
    replies = Replies(PEOPLE[0], questions)
    done = Conversation(port=server.port, folder=tmp_path, reply=replies)
    assert done.words.count("Still possible: ") == len(replies.asked) - 1
    assert "leaning: ML engineer." in done.words


def test_names_no_code_and_no_field(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path
) -> None:
    for person in PEOPLE:
        replies = Replies(person, questions)
        done = Conversation(port=server.port, folder=tmp_path, reply=replies)
        assert not re.search(r"\b(?!API|GPU|LLM)[A-Z]{2,}(_[A-Z]+)+\b|\w+_\w+", done.printed)
        assert not re.search(r"\b(NONE|DEPLOY|BOTH|PHD|MASTERS)\b", done.printed)


def test_back_undoes_the_last_answer(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path
) -> None:
    scientist, engineer = PEOPLE[1], PEOPLE[0]
    replies = Replies(scientist, questions)
    first, second = engineer.answers[ASKED[0]], "BACK"
    replies.instead = {ASKED[0]: ["back", first], ASKED[1]: [second]}
    done = Conversation("--save", "me.yaml", port=server.port, folder=tmp_path, reply=replies)
    assert "There is nothing to undo." in done.words
    assert "The last answer is undone." in done.words
    assert replies.asked[:4] == [ASKED[0], ASKED[0], ASKED[1], ASKED[0]]
    assert f"That settles it: {scientist.path}." in done.words
    assert how_many(done) == len(replies.asked) - 3
    assert "first_instinct: UNDERSTAND" in (tmp_path / "me.yaml").read_text()


@pytest.mark.parametrize("dont_know", ["", "?", "  ? "])
def test_what_is_not_known_is_left_open_and_not_asked_again(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path, dont_know: str
) -> None:
    replies = Replies(PEOPLE[0], questions)
    replies.instead = {field: [dont_know] for field in ASKED}
    done = Conversation("--save", "me.yaml", port=server.port, folder=tmp_path, reply=replies)
    assert done.code == 3, done.stderr
    assert sorted(replies.asked) == sorted(ASKED)
    assert "No questions are left but those you left open" in done.words
    assert f"Questions asked: {len(ASKED)}, {len(ASKED)} of them left open." in done.words
    assert (tmp_path / "me.yaml").read_text() == "{}\n"


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("temperament.first_instinct", "7", "a number from 1 to 3, or the word"),
        ("temperament.first_instinct", "deploi", "a number from 1 to 3, or the word"),
        ("goals.wants_mostly_novel_research", "perhaps", "y or n"),
        ("publications.top_tier_papers", "-1", "a whole number, 0 or more"),
        ("publications.top_tier_papers", "2.5", "a whole number, 0 or more"),
        ("publications.top_tier_papers", "9" * 12, "a whole number, 0 or more"),
        ("credentials.research_lab_years", "nan", "a number from 0 to 80"),
        ("temperament.likes_research", "6", "a rating from 1 to 5"),
    ],
)
def test_what_cannot_be_an_answer_is_explained_and_asked_again(
    server: ServerProcess,
    questions: dict[str, str],
    tmp_path: Path,
    field: str,
    typed: str,
    says: str,
) -> None:
    builder = PEOPLE[2]
    replies = Replies(builder, questions)
    replies.instead = {field: [typed]}
    done = Conversation(port=server.port, folder=tmp_path, reply=replies)
    assert f"That is not an answer here. Please give {says}." in done.words
    assert f"That settles it: {builder.path}." in done.words
    assert how_many(done) == len(replies.asked)


@pytest.mark.parametrize("last", ["quit", "Quit", None], ids=["quit", "Quit", "end of input"])
def test_quit_keeps_what_was_said(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path, last: str | None
) -> None:
    replies = Replies(PEOPLE[0], questions)
    replies.instead = {"temperament.likes_research": [last]}
    done = Conversation("--save", "me.yaml", port=server.port, folder=tmp_path, reply=replies)
    assert done.code == 0, done.stderr
    assert "Stopped." in done.words
    assert how_many(done) == 2
    assert (tmp_path / "me.yaml").read_text() == (
        "temperament:\n  first_instinct: DEPLOY\ngoals:\n  wants_mostly_novel_research: false\n"
    )


def test_begins_with_a_profile_and_keeps_it(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "me.yaml").write_text(
        "target: {country: NO}\ngoals: {motives: [CURIOSITY]}\n"
        "engineering: {years_software: 2.5, measured_impact: []}\n"
        "temperament: {first_instinct: UNDERSTAND}\n"
    )
    replies = Replies(PEOPLE[1], questions)
    done = Conversation(
        *("me.yaml", "--save", "new.json"), port=server.port, folder=tmp_path, reply=replies
    )
    assert done.code == 0, done.stderr
    assert ASKED[0] not in replies.asked
    with Client(f"localhost:{server.port}", timeout=20) as client:
        saved = client.recommend((tmp_path / "new.json").read_text())
    assert str(saved.path) == "RESEARCH_SCIENTIST"
    text = (tmp_path / "new.json").read_text()
    for kept in ('"country": "NO"', '"CURIOSITY"', '"measured_impact": []', "2.5"):
        assert kept in text


def test_offers_to_save_and_replaces_nothing_unasked(
    server: ServerProcess, questions: dict[str, str], tmp_path: Path
) -> None:
    there = tmp_path / "there.yaml"
    there.write_text("level: MID\n")
    typed = iter(["no/such/folder.yaml", "there.yaml", "n", "there.yaml", "y"])
    replies = Replies(PEOPLE[1], questions)

    def reply(printed: str) -> str | None:
        asks_to_save = SAVE_PROMPT in printed or "Replace it?" in printed
        return next(typed) if asks_to_save else replies(printed)

    done = Conversation(port=server.port, folder=tmp_path, reply=reply)
    assert "no/such/folder.yaml: No such file or directory" in done.words
    assert list(typed) == []
    assert "first_instinct: UNDERSTAND" in there.read_text()


def test_works_from_a_file_of_answers(server: ServerProcess, tmp_path: Path) -> None:
    done = rolefit("ask", port=server.port, folder=tmp_path, stdin="understand\ny\n4\nphd")
    assert done.returncode in (0, 3)
    assert "> understand\n" in done.stdout
    assert done.stdout.endswith("The profile is not saved.\n")
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["-"],
        ["no-such-file.yaml"],
        ["--save", "."],
        ["--save", "no/such/folder.yaml"],
    ],
    ids=" ".join,
)
def test_bad_usage_asks_nothing(
    server: ServerProcess, tmp_path: Path, arguments: list[str]
) -> None:
    done = rolefit("ask", *arguments, port=server.port, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_a_profile_that_is_not_valid(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "me.yaml").write_text("skills: {model_depth: 9}\n")
    done = rolefit("ask", "me.yaml", port=server.port, folder=tmp_path)
    assert done.returncode == 2
    assert "profile.skills.model_depth" in done.stderr


def test_nobody_there(tmp_path: Path) -> None:
    done = rolefit("ask", port=1, folder=tmp_path)
    assert done.returncode == 4
    assert "No rolefit server answers" in done.stderr


def test_what_was_said_survives_the_server(
    questions: dict[str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dying = ServerProcess(tmp_path_factory.mktemp("dying"), "--workers", "1")
    replies = Replies(PEOPLE[0], questions)

    def reply(printed: str) -> str | None:
        typed = replies(printed)
        if replies.asked[-1] == "temperament.likes_research":
            dying.stop()
        return typed

    done = Conversation("--save", "me.yaml", port=dying.port, folder=tmp_path, reply=reply)
    dying.stop()
    assert done.code == 4
    saved = (tmp_path / "me.yaml").read_text()
    assert "wants_mostly_novel_research: false" in saved
    assert "likes_research:" in saved, "the answer that the server was lost over"
