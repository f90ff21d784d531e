"""Every claim that decides something has a rule."""

from __future__ import annotations

from pathlib import Path

import yaml

from rolefit.engine import Engine

DECIDING_KINDS = {"gate", "fit", "temperament", "goal", "risk"}
DECIDING_MARKET_CLAIMS = {"G8", "G18", "G72", "G73", "G74", "G76", "G78"}


def test_claims_are_complete(engine: Engine) -> None:
    assert list(engine.ruleset.claims) == [f"G{i}" for i in range(1, 137)]


def test_every_deciding_claim_has_a_rule(engine: Engine) -> None:
    ruleset = engine.ruleset
    deciding = {c.id for c in ruleset.claims.values() if c.kind in DECIDING_KINDS}
    cited = {claim for rule in ruleset.rules for claim in rule.claims}
    assert (deciding | DECIDING_MARKET_CLAIMS) - cited == set()


def test_every_code_has_a_rule(engine: Engine) -> None:
    assert set(engine.ruleset.codes) == {rule.code for rule in engine.ruleset.findings}


def test_rules_resting_on_a_chosen_number_say_so(engine: Engine) -> None:
    """A rule whose condition compares with a convention is a convention."""
    ruleset = engine.ruleset
    chosen = {f"${t.name}" for t in ruleset.thresholds.values() if t.convention}
    for file in sorted((Path(__file__).parents[2] / "rules/topics").glob("*.yaml")):
        for rule in yaml.safe_load(file.read_text(encoding="utf-8")):
            words = str([rule["when"], rule.get("no_when", "")]).replace("'", " ").split()
            if chosen & set(words):
                assert rule.get("convention"), rule["id"]
