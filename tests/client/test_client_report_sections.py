"""The parts of a report that say what is paid and what to prepare, and the short report."""

from __future__ import annotations

import io

import pytest
from google.protobuf import text_format
from rich.console import Console

from rolefit.client import read_answer, read_comparison, read_pack
from rolefit.client.comparison_report import print_comparison
from rolefit.client.preparation_report import print_pack
from rolefit.client.report import print_report, print_short_report
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesResponse,
    PrepareResponse,
    RecommendResponse,
)

PREPARATION = """
  path: PATH_ML_ENGINEER
  rounds {
    title: "System design" probes: "Usually a serving stack."
    readiness: READINESS_THIN message: "There is a little to show." rule_id: "round-design"
  }
  rounds { title: "Coding" readiness: READINESS_UNKNOWN message: "Nobody looked." }
  resume { message: "Lead with revenue." rule_id: "resume-revenue" claims: "G122" }
  negotiation { message: "Anchor on latency." }
  skills { held: "retrieval" missing: "serving" missing: "ranking" known: true }
  next_steps { message: "Ship one more model." }
  next_steps { message: "Mind the glue." }
  message: "The rest is not in the guide."
"""
ANSWER = f"""
recommendation {{
  path: PATH_ML_ENGINEER certainty: CERTAINTY_CERTAIN headline: "Ship it."
  assessments {{
    path: PATH_ML_ENGINEER fit: FIT_STRONG open_now: TERNARY_YES
    reasons {{ message: "One." }} reasons {{ message: "Two." }} reasons {{ message: "Three." }}
    reasons {{ message: "Four." }}
  }}
  findings {{ code: "RISK_SPIKY_COMP" kind: FINDING_KIND_RISK message: "Pay is spiky." }}
  findings {{ code: "NEXT_X" kind: FINDING_KIND_NEXT_STEP message: "Mind the glue." }}
  compensation {{
    coverage: COMPENSATION_COVERAGE_COVERED message: "Typical US figures."
    bands {{ path: PATH_ML_ENGINEER level: LEVEL_MID low_usd: 220000 high_usd: 420000 }}
    notes {{ kind: PAY_NOTE_KIND_OVERTAKING message: "Research can overtake." }}
    notes {{ kind: PAY_NOTE_KIND_SHAPE message: "Engineering pay is smooth." rule_id: "shape" }}
    notes {{ kind: PAY_NOTE_KIND_SHAPE message: "Pay is spiky." }}
    notes {{ kind: PAY_NOTE_KIND_DRIVER message: "Scope drives the top." claims: "G42" }}
    notes {{ kind: PAY_NOTE_KIND_CAVEAT message: "Figures age." }}
    overlap {{ low_usd: 240000 high_usd: 420000 message: "The tracks overlap." }}
  }}
  preparations {{ {PREPARATION} }}
}}
"""
COMPARED = """
comparison {
  a { path: PATH_UNDETERMINED certainty: CERTAINTY_UNDETERMINED }
  b { path: PATH_ML_ENGINEER certainty: CERTAINTY_CERTAIN }
  differences { field: "goals.motives" label: "motives" a: "not given" b: "a safe career" }
  differences { field: "level" label: "career level" a: "mid-level" b: "senior" }
  gained { code: "RISK_A" kind: FINDING_KIND_RISK message: "That is new." }
  lost { code: "NOTE_B" kind: FINDING_KIND_NOTE message: "That is gone." }
  path_changed_by { fields: "goals.motives" path: PATH_ML_ENGINEER }
  path_changed_by { fields: "level" fields: "goals.wants_it" path: PATH_ML_ENGINEER }
  headline: "The answer changes."
}
"""


def printed(kind: str, text: str, width: int = 100) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    if kind == "pack":
        print_pack(read_pack(text_format.Parse(text, PrepareResponse())), console)
    elif kind == "comparison":
        response = text_format.Parse(text, CompareProfilesResponse())
        print_comparison(read_comparison(response), console)
    else:
        show = print_report if kind == "report" else print_short_report
        show(read_answer(text_format.Parse(text, RecommendResponse())), console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_pay_says_what_shapes_and_drives_it_and_where_the_tracks_overlap() -> None:
    shown = printed("report", ANSWER)
    pay = shown[shown.index("\nPay\n") : shown.index("ML engineer: the interview loop")]
    assert [line.strip() for line in pay.strip().splitlines()] == [
        "Pay",
        "ML engineer  mid-level  $220,000\N{EN DASH}$420,000",
        "Typical US figures.",
        "The tracks overlap.",
        "•  Engineering pay is smooth.",
        "•  Scope drives the top.",
        "•  Research can overtake.",
    ]


@pytest.mark.parametrize("sentence", ["Pay is spiky.", "Mind the glue."])
def test_nothing_is_said_twice(sentence: str) -> None:
    assert printed("report", ANSWER).count(sentence) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [("report", ANSWER), ("pack", f"preparations {{ {PREPARATION} }}")],
    ids=["report", "pack"],
)
def test_says_what_to_prepare(kind: str, text: str) -> None:
    shown = printed(kind, text)
    for words in (
        "Round           Evidence   Why",
        "System design   thin       There is a little to show.",
        "Usually a serving stack.",
        "Coding          unknown    Nobody looked.",
        "ML engineer: lead the résumé with\n  +  Lead with revenue.",
        "ML engineer: anchor a negotiation on\n  +  Anchor on latency.",
        "You have: retrieval",
        "Still missing: serving and ranking",
        "ML engineer: next steps\n  1  Ship one more model.",
        "The rest is not in the guide.",
    ):
        assert words in shown


def test_a_pack_names_the_recommended_path() -> None:
    assert "Recommended path: ML engineer" in printed(
        "pack", "recommended_path: PATH_ML_ENGINEER"
    )
    undecided = printed("pack", "recommended_path: PATH_UNDETERMINED")
    assert "The path is not decided yet." in undecided
    assert "nothing to prepare for" in undecided


def test_skills_nobody_looked_at() -> None:
    shown = printed("pack", "preparations { path: PATH_ML_ENGINEER skills {} }")
    assert "Nobody has looked up which of them you have." in shown
    none_held = 'preparations { skills { known: true missing: "serving" } }'
    assert "You have: none" in printed("pack", none_held)


def test_a_comparison() -> None:
    shown = printed("comparison", COMPARED)
    for words in (
        "  The answer changes.\n",
        "First: Not decided yet · the profile cannot decide",
        "Second: ML engineer · certain",
        "motives        not given   a safe career",
        "career level   mid-level   senior",
        "Motives: this alone leads the first profile to ML engineer",
        "Career level and wants it: these together lead the first profile to ML engineer",
        "Only the second\n  +  That is new.",
        "Only the first\n  \N{MINUS SIGN}  That is gone.",
    ):
        assert words in shown


def test_a_short_report_is_short() -> None:
    shown = printed("short", ANSWER)
    for words in (
        "ML engineer · certain",
        "Ship it.",
        "Three.",
        "Pay is spiky.",
        "Mind the glue.",
    ):
        assert words in shown
    for words in ("Four.", "The five paths", "Typical US figures.", "Round"):
        assert words not in shown


CODES = ("RISK_", "NOTE_", "NEXT_", "G122", "G42", "round-design", "goals.", "_", "UNKNOWN")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("report", ANSWER),
        ("short", ANSWER),
        ("pack", f"preparations {{ {PREPARATION} }}"),
        ("comparison", COMPARED),
    ],
    ids=["report", "short", "pack", "comparison"],
)
def test_keeps_codes_to_programs_and_fits_the_width(kind: str, text: str) -> None:
    for width in (40, 100, 250):
        shown = printed(kind, text, width)
        assert not [code for code in CODES if code in shown]
        assert max(map(len, shown.splitlines())) <= min(width, 100)


@pytest.mark.parametrize("kind", ["report", "short", "pack", "comparison"])
def test_copes_with_nothing(kind: str) -> None:
    assert printed(kind, "").strip()


def test_a_server_cannot_steer_the_terminal() -> None:
    bad = 'title: "a\\033[2Jb" message: "c\\033[2Jd" probes: "e\\033[2Jf"'
    assert "\x1b" not in printed("pack", f"preparations {{ rounds {{ {bad} }} }}")
    bad = 'label: "a\\033[2Jb" a: "c\\033[2Jd" b: "e\\033[2Jf"'
    assert "\x1b" not in printed("comparison", f"comparison {{ differences {{ {bad} }} }}")
