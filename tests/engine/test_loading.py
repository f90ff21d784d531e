"""A rules folder with a defect is refused with file, line and what would be valid."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rolefit.engine import RulesetError, load_ruleset

RULES = Path(__file__).parent.parent.parent / "rules"
Edit = Callable[[str, str, str], str]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Replaces text in one file of a copy of the rules; returns the errors at loading."""

    def edit(file: str, old: str, new: str) -> str:
        folder = tmp_path / "rules"
        shutil.copytree(RULES, folder)
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(RulesetError) as error:
            load_ruleset(folder)
        return str(error.value)

    return edit


def line_of(file: str, text: str) -> int:
    lines = (RULES / file).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_bundled_rules_load_from_the_package() -> None:
    assert load_ruleset().digest == load_ruleset(RULES).digest


def test_misspelt_field(edited: Edit) -> None:
    old = "engineering.models_shipped >= 1"
    errors = edited("topics/proof.yaml", old, "engineering.model_shipped >= 1")
    place = f"topics/proof.yaml:{line_of('topics/proof.yaml', old)}: "
    assert errors.startswith(place)
    assert "did you mean 'engineering.models_shipped'?" in errors


def test_unknown_code(edited: Edit) -> None:
    errors = edited("topics/hazards.yaml", "finding: RISK_GLUE_ENGINEER", "finding: RISK_GLUE")
    line = line_of("topics/hazards.yaml", "finding: RISK_GLUE_ENGINEER")
    assert errors.startswith(f"topics/hazards.yaml:{line}: there is no finding 'RISK_GLUE'")
    assert "did you mean 'RISK_GLUE_ENGINEER'?" in errors


def test_duplicate_id(edited: Edit) -> None:
    errors = edited("topics/hazards.yaml", "id: too-academic", "id: glue-engineer")
    first = line_of("topics/hazards.yaml", "id: glue-engineer")
    assert f"the id is taken by the rule at topics/hazards.yaml:{first}" in errors


def test_unknown_claim(edited: Edit) -> None:
    errors = edited("topics/hazards.yaml", "claims: [G22]", "claims: [G137]")
    line = line_of("topics/hazards.yaml", "claims: [G22]")
    assert errors.startswith(f"topics/hazards.yaml:{line}: there is no claim 'G137'")


def test_tag_that_would_run_code(edited: Edit, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    new = f"id: !!python/object/apply:os.mkdir ['{trap}']"
    errors = edited("topics/hazards.yaml", "id: glue-engineer", new)
    line = line_of("topics/hazards.yaml", "id: glue-engineer")
    assert f"topics/hazards.yaml:{line}: the YAML tag" in errors
    assert not trap.exists()


def test_cycle_of_signals(edited: Edit) -> None:
    old = "  when: engineering.models_shipped >= 1\n  then: {signal: production_proof}"
    new = "  when: bridges_in_reach is yes\n  then: {signal: production_proof}"
    errors = edited("topics/proof.yaml", old, new)
    assert "signals form a cycle" in errors
    assert "production_proof" in errors
    assert "bridges_in_reach" in errors


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("topics/hazards.yaml", "skills.model_depth <=", "skills.model_depth =<", "is no test"),
        ("topics/hazards.yaml", "$rating_low", "$rating_lo", "did you mean 'rating_low'?"),
        ("topics/hazards.yaml", "<= $rating_low", "is HIGH", "it is tested with '>='"),
        ("topics/hazards.yaml", "<= $rating_low", "<= low", "'low' is no number"),
        ("topics/hazards.yaml", "<= $rating_low", "<= 2.5", "holds whole numbers"),
        ("topics/hazards.yaml", "is PRODUCT_COMPANY", "is PRODUCT", "'PRODUCT' is no value"),
        ("topics/hazards.yaml", "strength: H", "strength: S", "weakest claim makes it H"),
        ("topics/hazards.yaml", "  strength: H\n", "", "lacks 'strength'"),
        ("topics/hazards.yaml", "convention: true", "convention: yes", "true or false"),
        ("topics/hazards.yaml", "then:", "than:", "did you mean 'then'?"),
        ("topics/hazards.yaml", "id: glue", "id: Glue", "lower-case words"),
        ("topics/hazards.yaml", "{finding: RISK_GLUE_ENGINEER}", "{}", "exactly one of"),
        ("topics/hazards.yaml", "strength: H", "strength: [H]", "must be text"),
        ("topics/hazards.yaml", "  because: >-", "  probes: >-", "lacks 'because'"),
        ("topics/hazards.yaml", "With nothing", "With {nothing}", "unknown field 'nothing'"),
        ("topics/hazards.yaml", "With nothing", "With {level}", "can be unknown when"),
        ("topics/hazards.yaml", "With nothing", "With {nothing", "write {field}"),
        ("topics/hazards.yaml", "- id: glue", "- : - id: glue", "not valid YAML"),
        ("topics/proof.yaml", "points: 2", "points: 0", "other than 0"),
        ("topics/proof.yaml", "is yes", "is maybe", "is yes', 'is no' or 'is unknown'"),
        ("topics/verdict.yaml", "when: always", "when: never", "last verdict must be"),
        ("topics/verdict.yaml", "bridge_case is yes", "level is MID", "reads signals only"),
        ("topics/verdict.yaml", "bridge_case is yes", "bridge_case is unknown", "UNDETERMINED"),
        ("topics/verdict.yaml", "verdict: ML_ENGINEER}", "verdict: MLE}", "no verdict 'MLE'"),
        ("topics/goals.yaml", "goals.motives has P", "goals.motives has X", "no value here"),
        ("topics/goals.yaml", "research is true", "research is unknown", "cannot test"),
        ("thresholds.yaml", "value: 3", "value: many", "must be a number"),
        ("thresholds.yaml", "convention: true", "convention: perhaps", "true or false"),
        ("vocabulary.yaml", "  level:", "  levels:", "lacks 'level'"),
        ("vocabulary.yaml", "- goals.wants_broad_market", "- goals.breadth", "no field"),
        ("vocabulary.yaml", "- goals.wants_broad_market", "- level", "belongs into ask_order"),
        ("codes.yaml", "kind: RISK", "kind: DANGER", "no kind 'DANGER'"),
        ("paths.yaml", "bridges_in_reach", "bridges", "no signal 'bridges'"),
        ("paths.yaml", "GOOD: 2", "GOOD: 2.5", "GOOD must be a whole number"),
        ("compensation.yaml", "low: 140000", "low: 140000.5", "low must be a whole number"),
        ("paths.yaml", "GOOD: 2", "GOOD: 9", "better fit must begin at more points"),
        ("compensation.yaml", "low: 140000", "low: 940000", "low must be below high"),
        ("compensation.yaml", "RESEARCH_SCIENTIST:", "ML_ENGINEER:", "stands twice"),
        ("ruleset.yaml", "name:", "nome:", "lacks 'name'"),
    ],
)
def test_defect_is_named(edited: Edit, file: str, old: str, new: str, message: str) -> None:
    errors = edited(file, old, new)
    assert message in errors


def test_all_defects_are_reported_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    for file in ("topics/proof.yaml", "topics/goals.yaml"):
        path = folder / file
        path.write_text(path.read_text().replace("claims: [", "claims: [G999, "))
    with pytest.raises(RulesetError) as error:
        load_ruleset(folder)
    assert {problem.file for problem in error.value.problems} == {
        "topics/proof.yaml",
        "topics/goals.yaml",
    }
    assert len(error.value.problems) > 10


def test_missing_folder_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="no such rules folder"):
        load_ruleset(tmp_path / "nowhere")
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    (folder / "codes.yaml").unlink()
    with pytest.raises(RulesetError, match=r"codes\.yaml: the file is missing"):
        load_ruleset(folder)


def test_condition_too_wide(edited: Edit) -> None:
    pair = "{any: [skills.model_depth >= %d, skills.systems_strength >= %d]}"
    parts = ", ".join(pair % (i, i) for i in range(1, 8))
    old = "  when: engineering.models_shipped >= 1\n  then: {signal: production_proof}"
    new = f"  when: {{all: [{parts}]}}\n  then: {{signal: production_proof}}"
    assert "alternatives" in edited("topics/proof.yaml", old, new)


def test_aliases_are_refused(edited: Edit) -> None:
    errors = edited("topics/hazards.yaml", "claims: [G22]", "claims: &x [G22]\n  note: *x")
    assert "YAML aliases are not allowed" in errors


def test_digest_follows_content(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    before = load_ruleset(folder).digest
    path = folder / "thresholds.yaml"
    path.write_text(path.read_text().replace("value: 3", "value: 4", 1))
    after = load_ruleset(folder).digest
    assert before.startswith("sha256:")
    assert len(before) == 71
    assert before != after


@pytest.mark.parametrize("name", ["kind", "sid", "a__b", "Many", "ü"])
def test_signal_names_that_the_rules_engine_would_confuse(edited: Edit, name: str) -> None:
    extra = (
        f"- id: extra\n  claims: []\n  when: level is MID\n  then: {{signal: {name}}}\n"
        "  because: {yes: Yes., no: No., unknown: Unknown.}\n\n"
    )
    errors = edited(
        "topics/proof.yaml", "- id: production-proof", f"{extra}- id: production-proof"
    )
    assert f"'{name}' cannot name a signal" in errors


def test_path_that_no_verdict_can_reach(edited: Edit) -> None:
    old = "  when:\n    - bridge_case is yes\n    - prefers_shipping is yes\n"
    errors = edited("topics/verdict.yaml", old, "  when: never\n")
    assert "no verdict rule can conclude ML_ENGINEER_MODEL_TEAM" in errors


@pytest.mark.parametrize("file", ["topics/mine.yml", "mine.yaml"])
def test_file_that_would_be_ignored(tmp_path: Path, file: str) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    (folder / file).write_text("[]\n")
    with pytest.raises(RulesetError, match=re.escape(file)):
        load_ruleset(folder)


def test_deep_nesting(edited: Edit) -> None:
    errors = edited("topics/hazards.yaml", "claims: [G22]", f"claims: {'[' * 5000}{']' * 5000}")
    assert errors.startswith("topics/hazards.yaml")


def test_rules_in_a_folder_of_their_own_are_not_overlooked(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    (folder / "topics" / "more").mkdir()
    with pytest.raises(RulesetError, match="topics/more: the folder is not read"):
        load_ruleset(folder)
