"""What is said of pay: the guide's figures to the dollar, and nothing else."""

from __future__ import annotations

import pytest

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.path_pb2 import Path

ENGINEER = {
    "temperament": {"first_instinct": "DEPLOY", "likes_shipping": 5, "likes_research": 2},
    "goals": {"wants_mostly_novel_research": False},
}
SCIENTIST = {
    "credentials": {"highest_degree": "PHD", "phd_status": "COMPLETED"},
    "temperament": {"first_instinct": "UNDERSTAND", "likes_shipping": 2, "likes_research": 5},
    "goals": {"wants_mostly_novel_research": True},
}
# Level, engineer's low and high, scientist's low and high, whether the top is open.
GUIDE = [
    ("EARLY", 140_000, 240_000, 150_000, 280_000, False),
    ("MID", 220_000, 420_000, 240_000, 500_000, False),
    ("SENIOR", 380_000, 750_000, 450_000, 900_000, False),
    ("STAFF_PRINCIPAL", 650_000, 1_300_000, 800_000, 2_000_000, True),
    ("MANAGER_DIRECTOR", 550_000, 1_500_000, 700_000, 2_500_000, True),
]


def answer_to(engine: Engine, person: dict[str, object], **more: object) -> pb.Recommendation:
    return engine.recommend(parse_profile({**person, **more}))


def codes_of(answer: pb.Recommendation) -> set[str]:
    return {finding.code for finding in answer.findings}


@pytest.mark.parametrize(("level", "low", "high", "rs_low", "rs_high", "open_ended"), GUIDE)
def test_bands_to_the_dollar(
    engine: Engine, level: str, low: int, high: int, rs_low: int, rs_high: int, open_ended: bool
) -> None:
    for person, first in ((ENGINEER, 0), (SCIENTIST, 1)):
        panel = answer_to(engine, person, level=level).compensation
        assert panel.coverage == pb.COMPENSATION_COVERAGE_COVERED
        bands = [(Path.Name(b.path), b.low_usd, b.high_usd, b.open_ended) for b in panel.bands]
        expected = [
            ("PATH_ML_ENGINEER", low, high, open_ended),
            ("PATH_RESEARCH_SCIENTIST", rs_low, rs_high, open_ended),
        ]
        assert bands == expected[first:] + expected[:first]
        assert (panel.overlap.low_usd, panel.overlap.high_usd) == (rs_low, high)
        assert all(len(band.claims) == 1 for band in panel.bands)


@pytest.mark.parametrize(("level", "low", "high", "rs_low", "rs_high", "open_ended"), GUIDE)
def test_above_the_band(
    engine: Engine, level: str, low: int, high: int, rs_low: int, rs_high: int, open_ended: bool
) -> None:
    for person, top in ((ENGINEER, high), (SCIENTIST, rs_high)):
        for expected, above in ((top, False), (top + 1, not open_ended), (low, False)):
            pay = {"expected_total_usd": expected}
            answer = answer_to(engine, person, level=level, compensation=pay)
            assert ("COMP_ABOVE_BAND" in codes_of(answer)) == above


def test_outside_of_the_us_there_are_no_figures(engine: Engine) -> None:
    answer = answer_to(engine, ENGINEER, level="SENIOR", target={"country": "NO"})
    assert answer.compensation.coverage == pb.COMPENSATION_COVERAGE_OUTSIDE_US
    assert not answer.compensation.bands
    assert not answer.compensation.notes
    assert not answer.compensation.HasField("overlap")
    assert "COMP_OUT_OF_SCOPE" in codes_of(answer)
    assert "COMP_BAND_SHOWN" not in codes_of(answer)


def test_without_a_level_there_are_no_figures(engine: Engine) -> None:
    panel = answer_to(engine, ENGINEER).compensation
    assert panel.coverage == pb.COMPENSATION_COVERAGE_LEVEL_UNKNOWN
    assert not panel.bands


def test_overtakings_only_where_their_conditions_could_apply(engine: Engine) -> None:
    def overtakings(**more: object) -> set[str]:
        notes = answer_to(engine, ENGINEER, **more).compensation.notes
        return {n.rule_id for n in notes if n.kind == pb.PAY_NOTE_KIND_OVERTAKING}

    startup = {"employer_type": "AI_APPLICATION_STARTUP"}
    equity = {"equity_share": 0.4}
    staff = "STAFF_PRINCIPAL"
    assert overtakings(level=staff, target=startup, compensation=equity) == {
        "pay-startup-overtakes"
    }
    assert not overtakings(level="SENIOR", target=startup, compensation=equity)
    assert not overtakings(level=staff, target=startup, compensation={"equity_share": 0})
    assert not overtakings(level=staff, target={"employer_type": "ORDINARY_SAAS"})
