from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor

from rolefit.client import Answer, InvalidProfile, RolefitError, Violation, parse_profile
from rolefit.client.bundled import example_names, example_text
from rolefit.client.interview import Ending, Interview, Interviewed
from rolefit.client.profile_field import Kind, find_field, set_members
from rolefit.client.profile_file import read_yaml
from rolefit.client.profile_writing import profile_text, short_form
from rolefit.client.reading import read_answer
from rolefit.client.typed_answer import MisreadError, TypedAnswer
from rolefit.v1.path_pb2 import PATH_ML_ENGINEER, PATH_UNDETERMINED
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import (
    CERTAINTY_CERTAIN,
    CERTAINTY_UNDETERMINED,
    NextQuestion,
    Recommendation,
)
from rolefit.v1.recommendation_service_pb2 import RecommendResponse


def leaves(message: Descriptor, prefix: str = "") -> Iterator[str]:
    for field in message.fields:
        inner = field.message_type
        if inner is None or set_members(inner) is not None:
            yield f"{prefix}{field.name}"
        else:
            yield from leaves(inner, f"{prefix}{field.name}.")


FIELDS = tuple(leaves(CandidateProfile.DESCRIPTOR))
TYPED = {Kind.FLAG: "n", Kind.NUMBER: "1", Kind.CHOICE: "2", Kind.SET: "1, 3", Kind.TEXT: "de"}


class Screen:
    """A terminal at which all is typed beforehand."""

    def __init__(self, typed: Sequence[str]) -> None:
        self._typed = list(typed)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def read(self, prompt: str) -> str | None:
        self.lines.append(prompt)
        return self._typed.pop(0) if self._typed else None

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def answer(*fields: str, certain: bool = False) -> Answer:
    found = Recommendation(
        path=PATH_ML_ENGINEER if certain else PATH_UNDETERMINED,
        certainty=CERTAINTY_CERTAIN if certain else CERTAINTY_UNDETERMINED,
        possible_paths=[PATH_ML_ENGINEER, PATH_UNDETERMINED],
        next_questions=[NextQuestion(field=f, question=f"{f}, please?") for f in fields],
    )
    return read_answer(RecommendResponse(recommendation=found))


def asks_for(*fields: str) -> Callable[[CandidateProfile], Answer]:
    """A server that wants these fields, in this order, and is certain once it has them."""

    def recommend(profile: CandidateProfile) -> Answer:
        given = short_form(profile)
        missing = [f for f in fields if f.split(".")[1] not in given.get(f.split(".")[0], {})]
        return answer(*missing, certain=not missing)

    return recommend


def interview(recommend: Any, *typed: str) -> tuple[Interviewed, Screen]:
    screen = Screen(typed)
    return Interview(recommend, screen).run(CandidateProfile()), screen


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_of_the_contract_can_be_asked_for(path: str) -> None:
    field = find_field(path)
    assert field is not None
    assert field.path == path
    typed = TypedAnswer(field)
    assert typed.hint()
    value = typed.read(TYPED[field.kind])
    profile = field.put(CandidateProfile(), value)
    assert profile != CandidateProfile()
    assert parse_profile(short_form(profile)) == profile
    for words in ("", "?!", "1e5", "-3", "1_0", "9" * 400, "\u0663"):
        with pytest.raises(MisreadError, match="Please give"):
            typed.read(words)


@pytest.mark.parametrize("path", ["", "nothing", "goals", "goals.nothing", "level.x", "a.b.c"])
def test_a_field_the_contract_does_not_have(path: str) -> None:
    assert find_field(path) is None


@pytest.mark.parametrize(
    ("path", "typed", "value"),
    [
        ("goals.motives", "none", ()),
        ("goals.motives", "curiosity, 2", (2, 4)),
        ("goals.motives", "User impact", (5,)),
        ("skills.areas", "llm app architecture,LLM_APP_ARCHITECTURE", (3,)),
        ("credentials.highest_degree", "None", 1),
        ("credentials.highest_degree", "bachelor's", 2),
        ("credentials.highest_degree", "bachelors", 2),
        ("credentials.highest_degree", "4", 4),
        ("credentials.phd_status", "in progress", 2),
        ("goals.stated_target", "research engineer", 3),
        ("target.country", "de", "DE"),
        ("engineering.integration_time_share", "0.4", 0.4),
        ("engineering.models_shipped", "+3", 3),
        ("goals.wants_broad_market", "YES", True),
    ],
)
def test_reads_what_people_type(path: str, typed: str, value: object) -> None:
    field = find_field(path)
    assert field is not None
    assert TypedAnswer(field).read(typed) == value


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("goals.motives", "curiosity, fame"),
        ("goals.motives", ","),
        ("target.country", "Germany"),
        ("engineering.integration_time_share", "1.1"),
        ("temperament.likes_research", "0"),
        ("credentials.research_lab_years", "81"),
        ("goals.wants_broad_market", "1"),
    ],
)
def test_refuses_what_is_no_answer(path: str, typed: str) -> None:
    field = find_field(path)
    assert field is not None
    with pytest.raises(MisreadError):
        TypedAnswer(field).read(typed)


def test_offers_what_the_server_offers() -> None:
    field = find_field("temperament.first_instinct")
    assert field is not None
    typed = TypedAnswer(field, ("UNDERSTAND", "BOTH", "NEW_ONE"))
    assert typed.options == ("understand", "both")
    assert typed.read("1") == 2
    with pytest.raises(MisreadError):
        typed.read("deploy")


def test_options_read_as_words() -> None:
    for path in FIELDS:
        field = find_field(path)
        assert field is not None
        for words in TypedAnswer(field).options:
            assert "_" not in words
            assert (
                words.replace("ML", "").replace("LLM", "").replace("GPU", "") != words.upper()
            )


def test_asks_one_question_after_the_other() -> None:
    done, screen = interview(
        asks_for("goals.motives", "target.country", "skills.model_depth"), "2,1", "US", "5"
    )
    assert (done.ending, done.asked, done.left_open) == (Ending.CERTAIN, 3, 0)
    assert short_form(done.profile) == {
        "skills": {"model_depth": 5},
        "goals": {"motives": ["PRESTIGE", "SAFETY"]},
        "target": {"country": "US"},
    }
    assert "1. goals.motives, please?" in screen.lines
    assert "   1  prestige" in screen.lines
    assert (
        "   Still possible: ML engineer or no clear path; leaning: nowhere yet." in screen.lines
    )
    assert screen.lines[-1] == "   That settles it: ML engineer."


def test_a_question_for_a_field_of_a_newer_contract_is_passed_over() -> None:
    done, screen = interview(lambda _: answer("goals.horoscope", "goals.motives"), "")
    assert (done.ending, done.asked, done.left_open) == (Ending.NOTHING_LEFT, 1, 1)
    assert "horoscope" not in screen.text


def test_back_takes_a_dont_know_back_too() -> None:
    done, _ = interview(asks_for("goals.motives"), "?", "4")
    assert done.ending is Ending.NOTHING_LEFT
    done, _ = interview(asks_for("goals.motives", "skills.model_depth"), "?", "back", "4", "2")
    assert (done.ending, done.asked, done.left_open) == (Ending.CERTAIN, 2, 0)


def test_the_profile_it_begins_with_is_not_changed() -> None:
    start = CandidateProfile()
    Interview(asks_for("goals.motives"), Screen(["none"])).run(start)
    assert start == CandidateProfile()


def test_an_answer_that_the_server_refuses_is_asked_for_again() -> None:
    strict = asks_for("skills.model_depth")

    def recommend(profile: CandidateProfile) -> Answer:
        if profile.skills.model_depth > 3:
            violation = Violation("profile.skills.model_depth", "must be at most 3, was 5")
            raise InvalidProfile([violation])
        return strict(profile)

    done, screen = interview(recommend, "5", "3")
    assert "   The server refuses that: must be at most 3, was 5." in screen.lines
    assert (done.asked, done.profile.skills.model_depth) == (1, 3)


def test_what_was_answered_is_kept_in_a_failure() -> None:
    willing = asks_for("goals.motives", "skills.model_depth")

    def recommend(profile: CandidateProfile) -> Answer:
        if profile.HasField("skills"):
            raise RolefitError("gone")
        return willing(profile)

    held = Interview(recommend, Screen(["none", "3"]))
    with pytest.raises(RolefitError, match="gone"):
        held.run(CandidateProfile())
    assert held.answered is not None
    given = {"goals": {"motives": []}, "skills": {"model_depth": 3}}
    assert short_form(held.answered) == given


def test_an_answer_that_was_refused_is_not_kept() -> None:
    willing = asks_for("goals.motives", "skills.model_depth")

    def recommend(profile: CandidateProfile) -> Answer:
        if profile.HasField("skills"):
            raise InvalidProfile([Violation("profile.skills.model_depth", "is too much")])
        return willing(profile)

    held = Interview(recommend, Screen(["none", "3", "quit"]))
    held.run(CandidateProfile())
    assert held.answered is not None
    assert short_form(held.answered) == {"goals": {"motives": []}}


def test_a_server_cannot_steer_the_terminal() -> None:
    found = answer("goals.motives").message
    found.recommendation.next_questions[0].question = "a\x1b[2Jb"
    _, screen = interview(lambda _: read_answer(found))
    assert "\x1b" not in screen.text


@pytest.mark.parametrize("file", ["me.yaml", "me.json"])
@pytest.mark.parametrize("name", example_names())
def test_a_profile_written_reads_as_the_same(name: str, file: str) -> None:
    profile = parse_profile(read_yaml(example_text(name), name))  # type: ignore[arg-type]
    text = profile_text(profile, file)
    value: Any = text if file.endswith(".json") else read_yaml(text, file)
    assert parse_profile(value) == profile


def test_a_profile_is_written_as_people_write_it() -> None:
    profile = parse_profile(
        {
            "level": "LEVEL_SENIOR",
            "engineering": {"years_software": 9.0, "measured_impact": []},
            "goals": {"motives": ["CURIOSITY", "SAFETY"]},
            "target": {"country": "NO"},
            "skills": {},
        }
    )
    assert profile_text(profile, "me.yml") == (
        "level: SENIOR\n"
        "engineering:\n  years_software: 9\n  measured_impact: []\n"
        "goals:\n  motives: [CURIOSITY, SAFETY]\n"
        "target:\n  country: 'NO'\n"
    )
    assert profile_text(CandidateProfile(), "me.yml") == "{}\n"


def test_says_which_question_is_essential_and_what_leaving_it_open_means() -> None:
    found = answer("goals.motives", "skills.model_depth").message
    found.recommendation.next_questions[0].essential = True
    _, screen = interview(lambda _: read_answer(found), "?", "?")
    hints = [line for line in screen.lines if line.endswith("> ")]
    assert [hint.endswith("; essential) > ") for hint in hints] == [True, False]
    assert screen.text.count("without it the path cannot become certain") == 1
