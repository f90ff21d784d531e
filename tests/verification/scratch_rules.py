"""A rules folder with a handful of rules, for tests that need to know every one of them."""

from __future__ import annotations

import shutil
from pathlib import Path

RULES = Path(__file__).parent.parent.parent / "rules"

_TOPIC = """\
- id: ships
  claims: [G2]
  strength: H
  when: engineering.models_shipped >= 2
  then: {signal: ships}
  because: {yes: You ship., no: You do not ship., unknown: Not known.}

- id: researches
  claims: [G3]
  strength: H
  when:
    any:
      - publications.top_tier_papers >= 1
      - publications.benchmark_setting is true
  then: {signal: researches}
  because: {yes: You publish., no: You do not publish., unknown: Not known.}

- id: both
  claims: [G67]
  strength: M
  when:
    - ships is yes
    - researches is yes
  then: {finding: HYBRID_CANDIDATE}
  because: You do both.

- id: fit-ships
  claims: [G2]
  strength: H
  when: ships is yes
  then: {fit: ML_ENGINEER, points: 2}
  because: You ship.

- id: seat
  claims: [G72]
  strength: H
  when: always
  then: {seat: UNKNOWN}
  because: Nothing is said of seats.

- id: pay
  claims: [G48]
  strength: H
  when: always
  then: {pay: PATH_NOT_COVERED}
  because: Nothing is said of pay.

- id: coding
  claims: [G81]
  strength: S
  convention: true
  then: {round: ML_ENGINEER, title: Coding}
  probes: Code.
  when: skills.systems_strength >= 4
  missing_when: skills.systems_strength <= 2
  thin_when: skills.systems_strength >= 3
  because: {ready: Ready., missing: Missing., thin: Thin., unknown: Unknown.}
"""
_VERDICTS = """\
- {id: engineer, claims: [G2], strength: H, when: ships is yes,
   then: {verdict: ML_ENGINEER}, because: You ship.}
- {id: scientist, claims: [G3], strength: H, when: researches is yes,
   then: {verdict: RESEARCH_SCIENTIST}, because: You publish.}
- {id: bridge-1, claims: [G109], strength: H, when: researches is no,
   then: {verdict: RESEARCH_ENGINEER}, because: A bridge.}
- {id: bridge-2, claims: [G109], strength: H, when: ships is no,
   then: {verdict: APPLIED_SCIENTIST}, because: A bridge.}
- {id: bridge-3, claims: [G109], strength: H, when: [ships is no, researches is no],
   then: {verdict: ML_ENGINEER_MODEL_TEAM}, because: A bridge.}
- {id: undetermined, claims: [G119], strength: H, when: always,
   then: {verdict: UNDETERMINED}, because: Open.}
"""


def scratch_rules(folder: Path, tests: str | None = None) -> Path:
    """Writes the rules, and `tests/people.yaml` if its text is given; returns the folder."""
    ignored = shutil.ignore_patterns("topics", "tests", "*.py", "properties.yaml")
    shutil.copytree(RULES, folder, ignore=ignored)
    paths = folder / "paths.yaml"
    text = paths.read_text(encoding="utf-8")
    for signal in ("research_credential", "bridges_in_reach"):
        text = text.replace(f"    open_now: {signal}\n", "")
    paths.write_text(text, encoding="utf-8")
    (folder / "topics").mkdir()
    (folder / "topics" / "all.yaml").write_text(_TOPIC, encoding="utf-8")
    (folder / "topics" / "verdict.yaml").write_text(_VERDICTS, encoding="utf-8")
    if tests is not None:
        (folder / "tests").mkdir()
        (folder / "tests" / "people.yaml").write_text(tests, encoding="utf-8")
    return folder
