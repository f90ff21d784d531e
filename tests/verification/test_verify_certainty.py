"""Proofs about rules that read how certain an answer is, which no formula says."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.ruleset import CERTAINTIES, Ruleset
from rolefit.verification.properties import load_properties
from rolefit.verification.witness import observe
from tests.profiles import FIELDS, values
from tests.verification.scratch_rules import RULES

z3 = pytest.importorskip("z3")

from rolefit.verification.certainty import certainty_limits  # noqa: E402
from rolefit.verification.proof_results import PROVEN, REFUTED, Report  # noqa: E402
from rolefit.verification.proofs import verify  # noqa: E402
from rolefit.verification.smt import SmtRules  # noqa: E402

_SELF_TEST = """\
    - temperament.first_instinct is unknown
    - answer.certainty is not CERTAIN
"""


def proven(tmp_path: Path, replacement: str, *ids: str) -> tuple[Ruleset, Report]:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    file = folder / "topics" / "missing.yaml"
    text = file.read_text(encoding="utf-8")
    assert _SELF_TEST in text
    file.write_text(text.replace(_SELF_TEST, replacement), encoding="utf-8")
    ruleset = load_ruleset(folder)
    chosen = [each for each in load_properties(folder, ruleset) if each.id in ids]
    return ruleset, verify(ruleset, chosen)


def test_a_rule_for_a_rare_certainty_is_shown_by_somebody_who_has_it(tmp_path: Path) -> None:
    # Most scientists whose likings are known are certain; the solver has to look for others.
    condition = """\
    - answer.path is RESEARCH_SCIENTIST
    - answer.certainty is PROVISIONAL
    - temperament.likes_research > 3
    - temperament.likes_shipping > 0
    - temperament.first_instinct is known
"""
    ruleset, report = proven(tmp_path, condition, "every-rule-fires")
    assert report.status == PROVEN
    (firing,) = (each for each in report.firings if each.rule.id == "ask-self-test")
    with Engine(ruleset) as engine:
        seen = observe(engine, firing.profile)
        assert "ask-self-test" in seen.fired
        assert seen.outcome.verdict.certainty == "PROVISIONAL"


def test_a_rule_for_a_certainty_that_nobody_has_is_refuted(tmp_path: Path) -> None:
    # Whoever has only a first instinct to go by is never certain of anything.
    condition = """\
    - answer.certainty is CERTAIN
    - temperament.first_instinct is DEPLOY
    - temperament.likes_shipping is unknown
    - temperament.likes_research is unknown
    - goals.wants_mostly_novel_research is unknown
    - goals.wants_research_adjacent is unknown
    - goals.research_questions_keep_awake is unknown
"""
    _, report = proven(tmp_path, condition, "every-rule-fires")
    assert report.status == REFUTED


def test_the_formula_of_certainty_is_the_engines(engine: Engine) -> None:
    rules = SmtRules(engine.ruleset)
    (limit,) = certainty_limits(rules, engine.space)
    rng = random.Random(11)
    seen = set()
    for _ in range(150):
        share = rng.choice([0.5, 0.8, 0.95, 1.0])
        facts = {p: rng.choice(values(f)) for p, f in FIELDS.items() if rng.random() < share}
        # Between the bounds that rules draw, those of rules that no verdict rests on included.
        facts["credentials.research_lab_years"] = rng.choice([0.0, 0.5, 1.9, 2.0, 7.5])
        certainty = engine.run(facts).verdict.certainty  # type: ignore[arg-type]
        seen.add(certainty)
        place = z3.IntVal(CERTAINTIES.index(certainty))
        pairs = [*rules.substitution(facts), (rules.certainty, place)]  # type: ignore[arg-type]
        assert z3.is_true(z3.simplify(z3.substitute(limit, *pairs))), facts
    assert seen == set(CERTAINTIES)
