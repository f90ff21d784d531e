"""What can go wrong with rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One defect in a rules folder.

    Attributes:
        file: Path of the file, relative to the rules folder.
        line: Line in it, counted from 1; 0 if the file as a whole is meant.
        message: What is wrong and what would be valid.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class RulesetError(Exception):
    """A rules folder that cannot be used; `str()` has one line for each problem."""

    def __init__(self, problems: list[Problem]):
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InferenceError(Exception):
    """The rules engine failed on a fact; the session was rebuilt and can be used again."""
