"""`rolefit reach` and `rolefit what-if` against a scripted server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import grpc
import pytest
from google.protobuf import json_format, text_format
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from rolefit.client.profile_writing import short_form
from rolefit.v1.change_pb2 import CHANGE_GOAL_OPEN, CHANGE_GOAL_RECOMMENDED, ChangeLimits
from rolefit.v1.field_change_pb2 import EFFORT_MONTHS, EFFORT_YEARS
from rolefit.v1.path_pb2 import PATH_ML_ENGINEER, PATH_RESEARCH_SCIENTIST
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesResponse,
    FindChangesResponse,
)
from tests.client.command import Rolefit

Serve = Callable[..., str]

CHANGES = """
current_path: PATH_RESEARCH_ENGINEER outcome: CHANGE_OUTCOME_FOUND
headline: "Two changes would do."
changes {
  fields {
    field: "publications.top_tier_papers" label: "top-tier papers"
    observed: "0" needed: "at least 3" effort: EFFORT_YEARS
  }
  recommendation { path: PATH_RESEARCH_SCIENTIST certainty: CERTAINTY_CERTAIN }
}
changes {
  fields { label: "models shipped" observed: "1" needed: "at least 4" effort: EFFORT_MONTHS }
  fields { label: "wish" observed: "not given" needed: "yes" effort: EFFORT_CONVERSATION }
  fields { label: "star sign" observed: "Leo" needed: "Virgo" }
  recommendation { path: PATH_RESEARCH_SCIENTIST certainty: CERTAINTY_PROVISIONAL }
}
ruleset { name: "guide-2026" version: "1.2.0" digest: "sha256:0123456789abcdef0123" }
decision_id: "abcd"
"""
COMPARED = """
comparison {
  a { path: PATH_RESEARCH_ENGINEER certainty: CERTAINTY_PROVISIONAL }
  b { path: PATH_RESEARCH_SCIENTIST certainty: CERTAINTY_CERTAIN }
  differences { field: "level" label: "career level" a: "mid-level" b: "senior" }
  gained { code: "RISK_A" kind: FINDING_KIND_RISK message: "That is new." }
  lost { code: "NOTE_B" kind: FINDING_KIND_NOTE message: "That is gone." }
  path_changed_by { fields: "level" path: PATH_RESEARCH_SCIENTIST }
  headline: "The answer changes."
}
"""


class Records:
    """Answers with one response, and keeps what it was asked."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.requests: list[Any] = []

    def __call__(self, request: Any, _: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        return self.response


def changes(text: str = CHANGES) -> Records:
    return Records(text_format.Parse(text, FindChangesResponse()))


def compared() -> Records:
    return Records(text_format.Parse(COMPARED, CompareProfilesResponse()))


@pytest.fixture
def profile(tmp_path: File) -> str:
    file = tmp_path / "me.yaml"
    file.write_text("level: MID\nskills: {model_depth: 3}\n")
    return str(file)


def test_reach_says_what_would_have_to_change(
    rolefit: Rolefit, serve: Serve, profile: str
) -> None:
    done = rolefit("reach", "research-scientist", profile, "--server", serve(changes()))
    assert done.exit_code == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert lines == [
        "Two changes would do.",
        "Now: Research engineer",
        "1. Years of work",
        "•  top-tier papers: 0 → at least 3",
        "Then: Research scientist · certain",
        "2. Months of work and a conversation",
        "•  models shipped: 1 → at least 4 (months of work)",
        "•  wish: not given → yes (a conversation)",
        "•  star sign: Leo → Virgo",
        "Then: Research scientist · provisional",
        "Rules     guide-2026 1.2.0 · 0123456789ab",
        "Decision  abcd",
    ]


def test_reach_sends_what_was_asked_for(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    server = changes()
    target = serve(server)
    assert rolefit("reach", "ml-engineer", profile, "--server", target).exit_code == 0
    (request,) = server.requests
    assert request.target_path == PATH_ML_ENGINEER
    assert request.goal == CHANGE_GOAL_RECOMMENDED
    assert request.limits == ChangeLimits(max_effort=EFFORT_YEARS)
    assert short_form(request.profile) == {"level": "MID", "skills": {"model_depth": 3}}

    options = "--open --within months --keep top-tier-papers --keep goals.motives --wishes"
    more = [*options.split(), "--max", "20", "--max-fields", "2"]
    done = rolefit("reach", "RESEARCH_SCIENTIST", profile, "--server", target, *more)
    assert done.exit_code == 0, done.stderr
    assert "Then open; recommended: Research scientist" in done.stdout
    request = server.requests[-1]
    assert (request.target_path, request.goal) == (PATH_RESEARCH_SCIENTIST, CHANGE_GOAL_OPEN)
    assert request.limits == ChangeLimits(
        max_effort=EFFORT_MONTHS,
        keep=["publications.top_tier_papers", "goals.motives"],
        wishes_may_change=True,
        max_changes=20,
        max_fields=2,
    )


def test_options_may_come_between_the_words(
    rolefit: Rolefit, serve: Serve, profile: str
) -> None:
    server = changes()
    at = f"--server={serve(server)}"
    for arguments in (
        ("ml-engineer", "--open", profile, at),
        ("ml-engineer", at, "--keep", "level", profile),
        (at, "--max", "3", "ml-engineer", "--", profile),
        (at, "ml-engineer", "--example", "likes-both"),
        (at, "--example", "likes-both", "ml-engineer"),
    ):
        done = rolefit("reach", *arguments)
        assert done.exit_code == 0, done.stderr
    piped = rolefit("reach", "ml-engineer", at, "-", stdin="level: MID")
    assert piped.exit_code == 0, piped.stderr
    levels = [short_form(each.profile).get("level") for each in server.requests]
    assert levels[:3] == ["MID"] * 3
    assert levels[-1] == "MID"
    assert len(levels) == 6


def test_an_option_that_does_not_exist_is_refused_wherever_it_is(rolefit: Rolefit) -> None:
    for arguments in (
        ("ml-engineer", "--opne", "me.yaml"),
        ("--max",),
        ("--server", "x", "-x"),
    ):
        done = rolefit("reach", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("outcome", "options", "code", "says"),
    [
        ("ALREADY", (), 0, "It is so."),
        ("NONE_EXISTS", (), 0, "proven: every change that you allow was looked at. Worth"),
        ("NONE_EXISTS", ("--wishes",), 0, "every change that you allow was looked at. Rules"),
        (
            "NONE_EXISTS",
            ("--within", "weeks", "--keep", "level"),
            0,
            "Worth trying: a longer --within, fewer --keep or --wishes.",
        ),
        ("NOT_KNOWN", (), 3, "The search was given up, so there may be one."),
    ],
)
def test_reach_says_why_there_is_no_change(
    rolefit: Rolefit,
    serve: Serve,
    profile: str,
    outcome: str,
    options: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    text = f'outcome: CHANGE_OUTCOME_{outcome} headline: "It is so." decision_id: "1f"'
    target = serve(changes(f'{text} ruleset {{ name: "guide" }}'))
    done = rolefit("reach", "ml-engineer", profile, "--server", target, *options)
    assert done.exit_code == code, done.stderr
    assert says in done.words
    assert "It is so." in done.words


def test_reach_prints_proto_json(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    server = changes()
    done = rolefit("reach", "ml-engineer", profile, "--server", serve(server), "--json")
    assert json_format.Parse(done.stdout, FindChangesResponse()) == server.response


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ml-engineer"], "--example"),
        (["ml-enginer", "--example", "likes-both"], "did you mean ml-engineer?"),
        (["undetermined", "--example", "likes-both"], "there is no path 'undetermined'"),
        (["ml-engineer", "me.yaml", "--example", "likes-both"], "not allowed with"),
        (["ml-engineer", "me.yaml", "--within", "days"], "weeks"),
        (["ml-engineer", "me.yaml", "--within", "wish"], "weeks"),
        (["ml-engineer", "me.yaml", "--keep", "papers"], "there is no field"),
        (["ml-engineer", "me.yaml", "--max", "0"], "no whole number from 1 to 20"),
        (["ml-engineer", "me.yaml", "--max", "21"], "no whole number from 1 to 20"),
        (["ml-engineer", "me.yaml", "--max-fields", "two"], "no whole number 1 or more"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_bad_usage_of_reach(rolefit: Rolefit, arguments: list[str], says: str) -> None:
    done = rolefit("reach", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_reach_says_which_limit_the_server_refuses(
    rolefit: Rolefit, serve: Serve, profile: str
) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation
    detail = error_details_pb2.BadRequest(
        field_violations=[violation(field="limits.keep[0]", description="no such field")]
    )
    status = status_pb2.Status(code=3)
    status.details.add().Pack(detail)

    def refuse(_: Any, context: grpc.ServicerContext) -> Any:
        trailer = (("grpc-status-details-bin", status.SerializeToString()),)
        context.set_trailing_metadata(trailer)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "bad")

    done = rolefit("reach", "ml-engineer", profile, "--server", serve(refuse))
    assert (done.exit_code, done.stderr) == (2, "limits.keep[0]: no such field\n")


def test_what_if_says_what_changes(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    done = rolefit("what-if", profile, "level=senior", "--server", serve(compared()))
    assert done.exit_code == 0, done.stderr
    for words in (
        "The answer changes.",
        "Now: Research engineer · provisional",
        "Then: Research scientist · certain",
        "What you change What Now Then",
        "career level mid-level senior",
        "Career level: this alone leads to Research scientist",
        "Gained + That is new.",
        "Lost \N{MINUS SIGN} That is gone.",
    ):
        assert words in done.words
    assert "first profile" not in done.words


def test_what_if_sends_the_profile_as_it_is_and_changed(
    rolefit: Rolefit, serve: Serve, profile: str
) -> None:
    server = compared()
    given = ("model-depth=5", "--server", serve(server), "goals.motives=curiosity,safety")
    done = rolefit("what-if", profile, *given, "--unset", "level")
    assert done.exit_code == 0, done.stderr
    (request,) = server.requests
    assert short_form(request.a) == {"level": "MID", "skills": {"model_depth": 3}}
    assert short_form(request.b) == {
        "skills": {"model_depth": 5},
        "goals": {"motives": ["SAFETY", "CURIOSITY"]},
    }


def test_what_if_takes_the_profile_from_anywhere(rolefit: Rolefit, serve: Serve) -> None:
    server = compared()
    target = serve(server)
    piped = rolefit("what-if", "-", "level=mid", "--server", target, stdin="level: EARLY")
    assert piped.exit_code == 0, piped.stderr
    example = rolefit("what-if", "--example", "likes-both", "level=mid", "--server", target)
    assert example.exit_code == 0, example.stderr
    assert [short_form(each.b)["level"] for each in server.requests] == ["MID", "MID"]
    assert short_form(server.requests[0].a) == {"level": "EARLY"}


def test_what_if_prints_proto_json(rolefit: Rolefit, serve: Serve, profile: str) -> None:
    server = compared()
    done = rolefit("what-if", profile, "level=senior", "--server", serve(server), "--json")
    assert json_format.Parse(done.stdout, CompareProfilesResponse()) == server.response


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name a profile"),
        (["level=mid"], "Name a profile before level=mid"),
        (["--example", "likes-both"], "Say what to change"),
        (["--example", "likes-both", "level"], "expected FIELD=VALUE"),
        (["--example", "likes-both", "levle=mid"], "did you mean level?"),
        (["--example", "likes-both", "level=boss"], "level: expected early, mid"),
        (["--example", "likes-both", "level=mid", "level=early"], "level: given twice"),
        (["--example", "likes-both", "level=mid", "--unset", "level"], "level: given twice"),
        (["--example", "likes-both", "--unset", "levle"], "did you mean level?"),
        (["no-such-file.yaml", "level=mid"], "no-such-file.yaml"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_bad_usage_of_what_if(rolefit: Rolefit, arguments: list[str], says: str) -> None:
    done = rolefit("what-if", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_what_if_names_a_bad_field_of_the_file_once(
    rolefit: Rolefit, serve: Serve, tmp_path: File
) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation
    detail = error_details_pb2.BadRequest(
        field_violations=[
            violation(field=f"{root}.skills.model_depth", description="must be at most 5")
            for root in ("a", "b")
        ]
    )
    status = status_pb2.Status(code=3)
    status.details.add().Pack(detail)

    def refuse(_: Any, context: grpc.ServicerContext) -> Any:
        trailer = (("grpc-status-details-bin", status.SerializeToString()),)
        context.set_trailing_metadata(trailer)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "bad")

    file = tmp_path / "me.yaml"
    file.write_text("skills: {model_depth: 9}\n")
    done = rolefit("what-if", str(file), "level=mid", "--server", serve(refuse))
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "The profile is not valid:",
        "  profile.skills.model_depth: must be at most 5",
    ]
    file.write_text("level: BOSS\n")
    done = rolefit("what-if", str(file), "level=mid", "--server", serve(refuse))
    assert "profile.level: expected one of EARLY" in done.stderr
