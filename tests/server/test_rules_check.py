"""The check that new rules have to pass before any worker loads them."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import pytest

from rolefit.engine import load_ruleset
from rolefit.server.rules_bundle import FolderError, read_bundle
from rolefit.server.rules_check import CheckedRules, RulesRefusedError, check_rules

from .rule_folders import RulesFolder

_FALSE = """\
- id: instinct-never-counts
  says: The first instinct never moves the path.
  claims: []
  prove:
    irrelevant: [temperament.first_instinct]
"""


@pytest.fixture
def folder(tmp_path: Path) -> RulesFolder:
    return RulesFolder(tmp_path)


def checked(folder: RulesFolder, verify: bool = False) -> CheckedRules:
    return asyncio.run(check_rules(read_bundle(folder.path), verify))


def test_what_passes_is_what_a_load_of_the_folder_would_give(folder: RulesFolder) -> None:
    folder.release("7.0.0")
    found = checked(folder)
    assert (found.version, found.digest) == ("7.0.0", load_ruleset(folder.path).digest)


def test_a_folder_that_changes_after_it_was_read_does_not_matter(folder: RulesFolder) -> None:
    bundle = read_bundle(folder.path)
    folder.break_()
    assert asyncio.run(check_rules(bundle, verify=False)).version == "1.0.0"


def test_every_problem_is_named(folder: RulesFolder) -> None:
    place = folder.break_()
    (folder.path / "topics" / "more").mkdir()
    with pytest.raises(RulesRefusedError, match=r"topics/more: the folder is not read"):
        checked(folder)
    (folder.path / "topics" / "more").rmdir()
    with pytest.raises(RulesRefusedError, match=place):
        checked(folder)


def test_a_property_that_does_not_hold_is_a_reason_to_refuse(folder: RulesFolder) -> None:
    if importlib.util.find_spec("z3") is None:
        pytest.skip("z3 is not installed")
    (folder.path / "properties.yaml").write_text(_FALSE)
    assert checked(folder).version == "1.0.0"
    with pytest.raises(RulesRefusedError, match=r"instinct-never-counts: refuted"):
        checked(folder, verify=True)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no such rules folder"):
        read_bundle(tmp_path / "nowhere")
