from __future__ import annotations

import io

import pytest
from google.protobuf import text_format
from rich.console import Console

from rolefit.client import Answer, read_answer
from rolefit.client.report import print_report
from rolefit.v1.recommendation_service_pb2 import RecommendResponse

RESPONSE = """
recommendation {
  path: PATH_ML_ENGINEER
  certainty: CERTAINTY_PROVISIONAL
  headline: "Build and run models that people use."
  assessments {
    path: PATH_ML_ENGINEER fit: FIT_STRONG open_now: TERNARY_YES
    reasons { message: "You shipped 7 models." }
    reasons { message: "Your first thought is to deploy." }
    why_not { message: "You spend much time on integration." }
  }
  assessments {
    path: PATH_RESEARCH_SCIENTIST fit: FIT_WEAK open_now: TERNARY_NO
    why_not { message: "No research record was found." }
    why_not { message: "Research is not what you want." }
    why_not { message: "A third reason." }
    would_need { label: "top-tier papers" observed: "0" needed: "at least 3" }
    would_need { label: "first instinct" observed: "deploy" needed: "understand" }
  }
  assessments {
    path: PATH_RESEARCH_ENGINEER fit: FIT_MIXED open_now: TERNARY_UNKNOWN
    why_not { message: "A bridge needs a want." }
  }
  assessments {
    path: PATH_APPLIED_SCIENTIST fit: FIT_MIXED open_now: TERNARY_UNKNOWN
    why_not { message: "Mind the glue." }
    why_not { message: "A bridge needs a want." }
  }
  findings { code: "SHIPPED" kind: FINDING_KIND_EVIDENCE message: "You shipped 7 models." }
  findings { code: "RISK_GLUE_ENGINEER" kind: FINDING_KIND_RISK message: "Mind the glue." }
  findings { code: "CONTRADICTION" kind: FINDING_KIND_CONTRADICTION message: "They disagree." }
  findings { code: "MISSING_X" kind: FINDING_KIND_MISSING message: "Nobody asked." }
  findings { code: "NEXT_X" kind: FINDING_KIND_NEXT_STEP message: "Lead with that." }
  findings { code: "NOTE_X" kind: FINDING_KIND_NOTE message: "Evals count [everywhere]." }
  next_questions {
    field: "temperament.likes_research" question: "How much do you enjoy papers?"
    could_lead_to: PATH_APPLIED_SCIENTIST could_lead_to: PATH_UNDETERMINED
  }
  next_questions {
    field: "temperament.first_instinct" question: "What is your first thought?"
    options: "DEPLOY" options: "UNDERSTAND" options: "BOTH" essential: true
  }
  margins {
    field: "publications.top_tier_papers" label: "top-tier papers" value: 3
    below { at: "at most 2" distance: 1 path: PATH_RESEARCH_ENGINEER }
  }
  margins {
    field: "credentials.research_lab_years" label: "years in labs" value: 1.5
    below { at: "less than 1" distance: 0.5 path: PATH_UNDETERMINED }
    above { at: "at least 2" distance: 0.5 path: PATH_ML_ENGINEER }
  }
  seat { available: TERNARY_YES message: "That employer hires for it." }
  compensation {
    coverage: COMPENSATION_COVERAGE_COVERED message: "Typical US figures for 2026."
    bands { path: PATH_ML_ENGINEER level: LEVEL_SENIOR low_usd: 380000 high_usd: 750000 }
    bands {
      path: PATH_RESEARCH_SCIENTIST level: LEVEL_STAFF_PRINCIPAL
      low_usd: 800000 high_usd: 2000000 open_ended: true
    }
  }
}
ruleset { name: "guide-2026" version: "1.2.0" digest: "sha256:0123456789abcdef0123" }
decision_id: "abcd"
"""
CODES = ["SHIPPED", "RISK_", "CONTRADICTION", "MISSING_", "NEXT_", "NOTE_", "_UNSPECIFIED"]


def answer(text: str = RESPONSE) -> Answer:
    return read_answer(text_format.Parse(text, RecommendResponse()))


def report(shown: Answer, width: int = 100, *, tty: bool = False) -> str:
    out = io.StringIO()
    print_report(shown, Console(file=out, width=width, force_terminal=tty, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "ML engineer · provisional",
        "Build and run models that people use.",
        "You shipped 7 models.",
        "Mind the glue.",
        "You spend much time on integration.",
        "They disagree.",
        "Nobody asked.",
        "How much do you enjoy papers?",
        "temperament.likes_research (could lead to Applied scientist)",
        "temperament.first_instinct: DEPLOY, UNDERSTAND or BOTH (essential)",
        "Would need: top-tier papers: at least 3; first instinct: understand",
        "How firm\n  •  top-tier papers: 3; at most 2 would make it research engineer",
        "•  years in labs: 1.5; less than 1 would leave it undecided and at least 2 would make "
        "it ML\n",
        "Lead with that.",
        "Evals count [everywhere].",
        "No research record was found. Research is not what you want.",
        "not yet",
        "$380,000\N{EN DASH}$750,000\n",
        "$800,000\N{EN DASH}$2,000,000+",
        "Typical US figures for 2026.",
        "That employer hires for it.",
        "Rules     guide-2026 1.2.0 · 0123456789ab\nDecision  abcd",
    ],
)
def test_says(words: str) -> None:
    shown = "\n".join(line.rstrip() for line in report(answer()).splitlines())
    assert words in shown


@pytest.mark.parametrize(
    "sentence", ["You shipped 7 models.", "Mind the glue.", "A bridge needs a want."]
)
def test_says_nothing_twice(sentence: str) -> None:
    assert report(answer()).count(sentence) == 1


def test_is_short_about_the_other_paths() -> None:
    assert "A third reason." not in report(answer())


@pytest.mark.parametrize("code", CODES)
def test_keeps_codes_to_programs(code: str) -> None:
    assert code not in report(answer())


@pytest.mark.parametrize("width", [30, 60, 100, 250])
def test_fits_the_width(width: int) -> None:
    lines = report(answer(), width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= min(width, 100)


def test_has_colour_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in report(answer())
    assert "\x1b[32m" in report(answer(), tty=True)


def test_respects_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in report(answer(), tty=True)


def test_a_server_cannot_steer_the_terminal() -> None:
    shown = report(answer('recommendation { headline: "a\\033[2Jb" }'), tty=True)
    assert "\x1b[2J" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "recommendation { path: PATH_UNDETERMINED certainty: CERTAINTY_UNDETERMINED }",
        "recommendation { path: PATH_ML_ENGINEER assessments {} compensation {} }",
    ],
)
def test_copes_with_little(text: str) -> None:
    assert report(answer(text)).strip()


def test_an_undecided_answer_says_so() -> None:
    text = "recommendation { path: PATH_UNDETERMINED certainty: CERTAINTY_UNDETERMINED }"
    assert "Not decided yet · the profile cannot decide" in report(answer(text))


def test_paths_that_share_a_reason_say_each_what_they_would_need() -> None:
    shared = 'why_not { message: "A bridge needs a want." }'
    need = 'would_need { label: "the want" needed: "yes" }'
    text = f"""
      recommendation {{
        path: PATH_ML_ENGINEER
        assessments {{ path: PATH_RESEARCH_ENGINEER {shared} {need} }}
        assessments {{ path: PATH_APPLIED_SCIENTIST {shared} }}
        assessments {{ path: PATH_RESEARCH_SCIENTIST {need} }}
      }}
    """
    shown = report(answer(text))
    assert shown.count("A bridge needs a want.") == 1
    assert "Research engineer would need: the want: yes" in shown
    assert "Applied scientist would need" not in shown
    assert "Research scientist Would need: the want: yes" in " ".join(shown.split())


def test_says_nothing_of_what_is_not_there() -> None:
    shown = report(answer("recommendation { path: PATH_ML_ENGINEER assessments {} }"))
    for words in ("Would need", "How firm", "Why not"):
        assert words not in shown


def test_an_essential_question_says_so_beside_where_it_leads() -> None:
    text = """
      recommendation {
        next_questions {
          field: "level" question: "Which level?" essential: true
          could_lead_to: PATH_ML_ENGINEER
        }
      }
    """
    assert "level (essential; could lead to ML engineer)" in report(answer(text))


def test_long_lists_of_margins_are_cut() -> None:
    margin = 'margins { label: "papers" value: 3 below { at: "at most 2" } }'
    shown = report(answer(f"recommendation {{ {margin * 9} }}"))
    assert 1 <= shown.count("papers: 3") < 9
