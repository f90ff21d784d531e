"""`rules verify`: what holds is proven, what is broken on purpose is refuted with a profile."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.facts import read_facts
from rolefit.engine.templates import Template
from rolefit.engine.yaml_source import read_yaml
from rolefit.server.rules_commands import app
from rolefit.verification.profile_source import read_profile
from tests.verification.scratch_rules import RULES

pytest.importorskip("z3")

from rolefit.verification.proof_results import REFUTED
from rolefit.verification.proofs import verify as verify_rules
from rolefit.verification.properties import load_properties

Edit = Callable[..., Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Copies the rules and replaces texts in files of the copy."""

    def edit(*changes: tuple[str, str, str]) -> Path:
        folder = tmp_path / "rules"
        if not folder.exists():
            shutil.copytree(RULES, folder)
        for file, old, new in changes:
            text = (folder / file).read_text(encoding="utf-8")
            assert old in text, f"{file} lacks {old}"
            (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return edit


def verify(folder: Path, *arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    done = CliRunner().invoke(app, ["verify", str(folder), "--json", *arguments])
    assert done.output.startswith("{"), done.output
    report = json.loads(done.output)
    return done.exit_code, {each["id"]: each for each in report["properties"]}


def test_our_rules_keep_every_promise() -> None:
    code, found = verify(RULES)
    assert {each["status"] for each in found.values()} == {"proven"}
    assert code == 0
    assert len(found) >= 27


# For each property, an edit that breaks it: the file, what stands there and what instead.
BREAKS: dict[str, list[tuple[str, str, str]]] = {
    "every-rule-fires": [
        (
            "topics/proof.yaml",
            "when: engineering.models_shipped >= $much_proof",
            "when: [engineering.models_shipped >= $much_proof, engineering.models_shipped < 2]",
        )
    ],
    "none-shadowed": [
        (
            "topics/verdict.yaml",
            "- id: verdict-likings-against-goals\n",
            "- id: verdict-too-early\n  claims: [G26]\n  strength: H\n"
            "  when: bridge_case is yes\n  then: {verdict: RESEARCH_ENGINEER}\n"
            "  because: Too early.\n\n- id: verdict-likings-against-goals\n",
        )
    ],
    "none-redundant": [
        (
            "topics/verdict.yaml",
            "  redundant: Later rules conclude the same; this one says that the evidence is"
            " clear.\n",
            "",
        )
    ],
    "complete-and-undetermined": [
        (
            "topics/verdict.yaml",
            "- id: verdict-want-against-liking\n",
            "- id: verdict-early-doubt\n  claims: [G26]\n  strength: H\n"
            "  when: strong_systems is no\n  then: {verdict: UNDETERMINED}\n"
            "  because: Let us wait.\n\n- id: verdict-want-against-liking\n",
        ),
    ],
    "nothing-asked-in-vain": [
        (
            "topics/verdict.yaml",
            "- id: verdict-want-against-liking\n",
            "- id: verdict-too-curious\n  claims: [G26]\n  strength: H\n"
            "  when: wants_breadth is unknown\n  then: {verdict: UNDETERMINED}\n"
            "  because: Tell us first.\n\n- id: verdict-want-against-liking\n",
        )
    ],
    "both-halves": [
        (
            "topics/verdict.yaml",
            "    - wants_novel_research is yes\n    - research_credential is yes\n"
            "  then: {verdict: RESEARCH_SCIENTIST}",
            "    - research_credential is yes\n  then: {verdict: RESEARCH_SCIENTIST}",
        )
    ],
    "want-keeps-off-engineering": [
        (
            "topics/verdict.yaml",
            "- id: verdict-want-against-liking\n",
            "- id: verdict-shipper\n  claims: [G26]\n  strength: H\n"
            "  when: production_proof is yes\n  then: {verdict: ML_ENGINEER}\n"
            "  because: You ship.\n\n- id: verdict-want-against-liking\n",
        )
    ],
    "no-research-without-want": [
        (
            "topics/verdict.yaml",
            "then: {verdict: APPLIED_SCIENTIST}\n  because: >-\n    Applied scientist fits"
            " best: it is near",
            "then: {verdict: RESEARCH_SCIENTIST}\n  because: >-\n    Applied scientist fits"
            " best: it is near",
        )
    ],
    "equivalent-opens": [
        ("topics/credentials.yaml", "      - publications.benchmark_setting is true\n", "")
    ],
    "no-doctorate-closes-nothing": [
        (
            "topics/credentials.yaml",
            "      - doctorate is yes\n      - equivalent_record is yes\n"
            "  then: {signal: research_credential}",
            "      - doctorate is yes\n      - equivalent_record is yes\n"
            "  no_when: doctorate is no\n  then: {signal: research_credential}",
        )
    ],
    "research-stays-open": [
        (
            "topics/credentials.yaml",
            "    - any: [research_considered is yes, bridge_case is yes]\n",
            "    - bridge_case is yes\n",
        )
    ],
    "bridges-never-closed": [
        (
            "topics/credentials.yaml",
            "  no_when: never\n  then: {signal: bridges_in_reach}",
            "  then: {signal: bridges_in_reach}",
        )
    ],
    "papers-never-hurt": [
        (
            "topics/credentials.yaml",
            "      - publications.top_tier_papers >= $equivalent_papers\n",
            "      - all:\n          - publications.top_tier_papers >= 3\n"
            "          - publications.top_tier_papers < 9\n",
        )
    ],
    "shipping-never-hurts": [
        (
            "topics/proof.yaml",
            "when: engineering.models_shipped >= 1\n  then: {signal: production_proof}",
            "when: [engineering.models_shipped >= 1, engineering.models_shipped < 20]\n"
            "  then: {signal: production_proof}",
        )
    ],
    "lab-years-never-hurt": [
        (
            "topics/credentials.yaml",
            "      - credentials.research_lab_years >= $equivalent_lab_years\n",
            "      - all:\n          - credentials.research_lab_years >= 2\n"
            "          - credentials.research_lab_years < 12.5\n",
        )
    ],
    "prestige-named": [
        ("topics/goals.yaml", "goals.motives has PRESTIGE", "goals.motives is empty")
    ],
    "safety-named": [
        (
            "topics/goals.yaml",
            "    - goals.motives has SAFETY\n    - goals.research_questions_keep_awake is true",
            "    - goals.motives has SAFETY\n    - goals.wants_mostly_novel_research is true",
        )
    ],
    "awake-not-sent-to-engineering": [
        (
            "topics/goals.yaml",
            "      - goals.wants_research_adjacent is true\n"
            "      - goals.research_questions_keep_awake is true\n",
            "      - goals.wants_research_adjacent is true\n",
        )
    ],
    "pay-upside-conditional": [
        (
            "topics/goals.yaml",
            "- goals.motives has PAY_UPSIDE\n    - answer.path is not RESEARCH_SCIENTIST",
            "- goals.motives has PAY_UPSIDE\n    - answer.path is ML_ENGINEER",
        )
    ],
    # Each field that should not matter gets a say in what verdicts rest on.
    **{
        name: [
            (
                "topics/proof.yaml",
                "when: engineering.models_shipped >= 1\n  then: {signal: production_proof}",
                f"when: {{any: [engineering.models_shipped >= 1, {test}]}}\n"
                "  then: {signal: production_proof}",
            ),
            ("vocabulary.yaml", "\nask_order:\n", f"\nask_order:\n  - {test.split()[0]}\n"),
        ]
        for name, test in {
            "evals-irrelevant": "skills.evals_predict_user_value is true",
            "pay-irrelevant": "compensation.equity_share > 0.5",
            "employer-irrelevant": "target.country is US",
            "brands-irrelevant": "credentials.program_brand is TOP",
            "level-irrelevant": "level is SENIOR or STAFF_PRINCIPAL",
            "motives-irrelevant": "goals.motives has USER_IMPACT",
        }.items()
    },
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_is_refuted_with_profiles(name: str, edited: Edit) -> None:
    folder = edited(*BREAKS[name])
    code, found = verify(folder, "--only", name)
    assert code == 1
    refutations = found[name]["refutations"]
    assert isinstance(refutations, list)
    assert refutations
    for refutation in refutations:
        assert refutation["what"]
        with Engine(load_ruleset(folder)) as engine:
            answers = [path_of(engine, profile) for profile in refutation["profiles"]]
        assert answers == refutation["answers"]
        if name.endswith("-irrelevant"):
            assert len(set(answers)) == 2


def path_of(engine: Engine, profile: object) -> str:
    read = read_profile(read_yaml(yaml.safe_dump(profile), "profile"))
    return engine.run(read_facts(read)).verdict.path


def test_what_the_loader_refuses_is_refuted_too(edited: Edit) -> None:
    # Rules as no file can hold them: without the last verdict, and with a hole in a sentence.
    ruleset = load_ruleset(RULES)
    finding = ruleset.findings[0]
    hole = dataclasses.replace(finding, because=Template("At level {level}."))
    broken = {
        "one-verdict": dataclasses.replace(ruleset, verdicts=ruleset.verdicts[:-1]),
        "sentences-complete": dataclasses.replace(
            ruleset, findings=(hole, *ruleset.findings[1:])
        ),
    }
    for name, rules in broken.items():
        chosen = [each for each in load_properties(RULES, ruleset) if each.id == name]
        (result,) = verify_rules(rules, chosen).results
        assert result.status == REFUTED, name
        (refutation,) = result.refutations
        assert len(refutation.profiles) == 1
        if name == "sentences-complete":
            assert f"{finding.id} shows level" in refutation.what
            assert "level" not in refutation.profiles[0]
    folder = edited(("topics/verdict.yaml", "  when: always\n", "  when: bridge_case is yes\n"))
    done = CliRunner().invoke(app, ["verify", str(folder)])
    assert done.exit_code == 2
    assert "the last verdict must be UNDETERMINED" in done.output


def test_what_only_later_facts_decide_is_refuted(edited: Edit) -> None:
    # An answer given while the want is unknown, which no complete profile gets.
    old = "  when: drawn_to_shipping is no\n  then: {verdict: UNDETERMINED}"
    new = "  when: drawn_to_shipping is no\n  then: {verdict: ML_ENGINEER_MODEL_TEAM}"
    folder = edited(("topics/verdict.yaml", old, new))
    code, found = verify(folder, "--only", "answer-reachable")
    assert code == 1
    assert "no complete filling leads" in str(found["answer-reachable"]["refutations"])


def test_witnesses_are_not_written_over_by_less(edited: Edit) -> None:
    folder = edited()
    file = folder / "tests" / "witnesses.yaml"
    before = file.read_text(encoding="utf-8")
    command = ["verify", str(folder), "--write-witnesses", "--timeout", "0.001"]
    assert CliRunner().invoke(app, command).exit_code == 3
    assert file.read_text(encoding="utf-8") == before
    (folder / "properties.yaml").write_text("[]", encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", str(folder), "--write-witnesses"])
    assert done.exit_code == 2
    assert "there is nothing to prove" in done.output
    assert file.read_text(encoding="utf-8") == before


def test_a_solver_out_of_time_proves_nothing() -> None:
    code, found = verify(RULES, "--only", "none-redundant", "--timeout", "0.001")
    assert found["none-redundant"]["status"] == "open"
    assert code == 3


def test_mistakes_exit_with_2(edited: Edit) -> None:
    def failure(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["verify", *arguments])
        assert done.exit_code == 2
        return done.output

    assert "no property 'both'" in failure(str(RULES), "--only", "both")
    assert "needs DIR" in failure("--write-witnesses")
    folder = edited(("properties.yaml", "prove: one_verdict", "prove: one_verdit"))
    assert "properties.yaml:" in failure(str(folder))
    assert "one_verdict" in failure(str(folder))
    folder = edited(("properties.yaml", "[goals.motives]", "[goals.motive]"))
    assert "no field 'goals.motive'" in failure(str(folder))
    (folder / "properties.yaml").unlink()
    assert "the file is missing" in failure(str(folder))


def test_the_witnesses_kept_with_the_rules_are_those_found(edited: Edit) -> None:
    folder = edited()
    before = (RULES / "tests" / "witnesses.yaml").read_text(encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", str(folder), "--write-witnesses"])
    assert done.exit_code == 0
    written = (folder / "tests" / "witnesses.yaml").read_text(encoding="utf-8")
    names = [test["name"] for test in yaml.safe_load(before)]
    assert [test["name"] for test in yaml.safe_load(written)] == names
    done = CliRunner().invoke(app, ["test", str(folder)])
    assert done.exit_code == 0, done.output
    assert ", 0 failed" in done.output


def test_the_table_names_rules_solver_and_totals() -> None:
    done = CliRunner().invoke(app, ["verify", str(RULES), "--only", "both-halves"])
    assert "sha256:" in done.output
    assert "z3 " in done.output
    assert "proven   both-halves" in done.output
    assert "1 proven" in done.output


def test_a_server_told_to_verify_does_not_serve_rules_that_break_a_promise(
    edited: Edit,
) -> None:
    folder = edited(*BREAKS["safety-named"])
    properties = (folder / "properties.yaml").read_text(encoding="utf-8").split("\n\n")
    broken = next(each for each in properties if "id: safety-named" in each)
    (folder / "properties.yaml").write_text(broken, encoding="utf-8")
    command = ["-m", "rolefit.server", "serve", "--verify-rules", "--rules", str(folder)]
    done = subprocess.run(
        [sys.executable, *command, "--port", "0"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "refuted  safety-named" in done.stdout
