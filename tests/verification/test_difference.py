"""`rules diff`: what two rule sets answer differently."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.facts import read_facts
from rolefit.engine.yaml_source import read_yaml
from rolefit.server.rules_commands import app
from rolefit.verification.profile_source import read_profile
from tests.verification.scratch_rules import RULES

pytest.importorskip("z3")


FEWER_PAPERS = ("equivalent_papers:\n  value: 3", "equivalent_papers:\n  value: 2")


def diff(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["diff", *arguments])
    return done.exit_code, done.output


def changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    folder = tmp_path / "new"
    shutil.copytree(RULES, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def test_a_rewrite_that_means_the_same_is_proven_equivalent(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "topics/credentials.yaml",
        "    any:\n      - doctorate is yes\n      - equivalent_record is yes\n",
        "    not: {all: [{not: equivalent_record is yes}, {not: doctorate is yes}]}\n",
    )
    code, output = diff(str(RULES), str(new))
    assert code == 0
    assert "equivalent: proven" in output


def test_a_shifted_threshold_moves_people_and_shows_them(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "thresholds.yaml",
        "equivalent_papers:\n  value: 3",
        "equivalent_papers:\n  value: 2",
    )
    code, output = diff(str(RULES), str(new), "--json")
    found = json.loads(output)
    assert code == 1
    moves = {(each["from"], each["to"]): each["profile"] for each in found["moves"]}
    assert ("RESEARCH_ENGINEER", "RESEARCH_SCIENTIST") in moves
    assert all("ML_ENGINEER" not in pair for pair in moves)
    with Engine(load_ruleset(RULES)) as before, Engine(load_ruleset(new)) as after:
        for pair, profile in moves.items():
            facts = read_facts(read_profile(read_yaml(yaml.safe_dump(profile), "profile")))
            assert (before.run(facts).verdict.path, after.run(facts).verdict.path) == pair
            assert facts["publications.top_tier_papers"] == 2
    assert {"code": "EQUIVALENT_EVIDENCE", "gained": True} in [
        {"code": each["code"], "gained": each["gained"]} for each in found["findings"]
    ]


def test_a_finding_alone_can_differ(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "topics/goals.yaml",
        "goals.motives has PRESTIGE",
        "goals.motives has MOBILITY",
    )
    code, output = diff(str(RULES), str(new))
    assert code == 1
    assert "no path changes: proven" in output
    assert "RISK_PRESTIGE_MISMATCH gained" in output
    assert "RISK_PRESTIGE_MISMATCH lost" in output


def test_recorded_profiles_are_counted_by_from_and_to(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "thresholds.yaml",
        "equivalent_papers:\n  value: 3",
        "equivalent_papers:\n  value: 2",
    )
    wants = {"goals": {"wantsMostlyNovelResearch": True}}
    record = {**wants, "publications": {"topTierPapers": 2}}
    lines = [json.dumps(record), json.dumps({"profile": record}), "", json.dumps(wants)]
    file = tmp_path / "profiles.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    code, output = diff(str(RULES), str(new), "--profiles", str(file))
    assert code == 1
    assert "     2 UNDETERMINED -> RESEARCH_SCIENTIST, such as line 1, 2" in output
    assert "     1 stay UNDETERMINED" in output
    assert "     3 profiles" in output
    code, _ = diff(str(RULES), str(RULES), "--profiles", str(file))
    assert code == 0


def test_recorded_profiles_may_have_the_names_that_people_write(tmp_path: Path) -> None:
    file = tmp_path / "profiles.jsonl"
    record = {"credentials": {"highest_degree": "BACHELORS"}, "goals": {"motives": ["SAFETY"]}}
    file.write_text(json.dumps(record), encoding="utf-8")
    code, output = diff(str(RULES), str(RULES), "--profiles", str(file))
    assert code == 0
    assert "     1 stay UNDETERMINED" in output


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "profiles.jsonl"
    file.write_text('{}\n{"salary": 3}\n', encoding="utf-8")
    code, output = diff(str(RULES), str(RULES), "--profiles", str(file))
    assert code == 2
    assert "line 2" in output
    assert "salary" in output
    code, output = diff(str(RULES), str(RULES), "--profiles", str(tmp_path / "no.jsonl"))
    assert code == 2
    assert "no.jsonl: No such file or directory" in output
    code, output = diff(str(RULES), str(tmp_path / "none"))
    assert code == 2
    assert "no such rules folder" in output
