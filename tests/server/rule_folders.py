"""Folders of rules that tests change while a server watches them."""

from __future__ import annotations

import os
import re
import shutil
from importlib import resources
from pathlib import Path


class RulesFolder:
    """A copy of the rules in the package, of which each version has its own digest; the first
    is 1.0.0."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "rules"
        # Without their tests, which take longer than all else in a reload.
        shutil.copytree(
            str(resources.files("rolefit.rules")),
            self.path,
            ignore=shutil.ignore_patterns("tests"),
        )
        self.release("1.0.0")

    def release(self, version: str) -> None:
        """Make it that version, with no other change."""
        file = self.path / "ruleset.yaml"
        text = re.sub(r"(?m)^version: .*$", f"version: {version}", file.read_text())
        self._replace(file, text)

    def break_(self) -> str:
        """Give it a defect; return where that is, as file:line."""
        file = self.path / "topics" / "goals.yaml"
        text = file.read_text()
        self._replace(file, text + "- no rule\n")
        return f"topics/goals.yaml:{len(text.splitlines()) + 1}"

    def mend(self) -> None:
        """Take the defect out."""
        file = self.path / "topics" / "goals.yaml"
        self._replace(file, file.read_text().removesuffix("- no rule\n"))

    def expect_nonsense(self) -> str:
        """Give it a rule test that fails; return where its expectation is."""
        file = self.path / "tests" / "nonsense.yaml"
        file.parent.mkdir(exist_ok=True)
        self._replace(file, "- name: nonsense\n  profile: {}\n  path: ML_ENGINEER\n")
        return "tests/nonsense.yaml:3"

    def _replace(self, file: Path, text: str) -> None:
        draft = file.with_name(f"{file.name}.draft")
        draft.write_text(text)
        os.replace(draft, file)
