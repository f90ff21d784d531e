"""Reads FIELD=VALUE, as a person gives it to a command, and applies it to a profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rolefit.client.field_value import UnfitError, shown
from rolefit.client.profile_field import FieldValue, Kind, ProfileField, named_field
from rolefit.client.typed_answer import MisreadError, TypedAnswer
from rolefit.v1.profile_pb2 import CandidateProfile


@dataclass(frozen=True, slots=True)
class Assignment:
    """A field and its new value; None takes the value away."""

    field: ProfileField
    value: FieldValue | None

    def applied_to(self, profile: CandidateProfile) -> CandidateProfile:
        """Return a copy of a profile with the field as assigned."""
        if self.value is None:
            return self.field.clear(profile)
        return self.field.put(profile, self.value)


def read_assignments(texts: Iterable[str]) -> list[Assignment]:
    """Read several assignments as `read_assignment` does.

    Raises:
        UnfitError: Some cannot be read; the text has a line for each of them.

    """
    assignments, problems = [], []
    for text in texts:
        try:
            assignments.append(read_assignment(text))
        except UnfitError as unfit:
            problems.append(str(unfit))
    if problems:
        raise UnfitError("\n".join(problems))
    return assignments


def read_assignment(text: str) -> Assignment:
    """Read one assignment.

    Values are what `rolefit ask` and profile files take: ``y``, ``true``, ``3``, ``PhD``,
    ``IN_PROGRESS``, ``curiosity,safety``, ``[CURIOSITY]``, ``none``.

    Raises:
        UnfitError: It is none, there is no such field, or it cannot take the value.

    """
    name, equals, value = text.partition("=")
    if not equals:
        raise UnfitError(f"expected FIELD=VALUE, not {shown(text)}")
    field = named_field(name)
    typed = TypedAnswer(field)
    try:
        return Assignment(field, typed.read(_bare(value, field)))
    except MisreadError:
        instead = "nothing" if not value.strip() else shown(value)
        hint = f"; --unset {field.path} takes it away" if not value.strip() else ""
        message = f"{field.path}: expected {typed.accepted()}; not {instead}{hint}"
        raise UnfitError(message) from None


def apply_all(assignments: Sequence[Assignment], profile: CandidateProfile) -> CandidateProfile:
    """Return a copy of a profile with all assignments made.

    Raises:
        UnfitError: Two are of one field.

    """
    twice = _first_repeated(each.field.path for each in assignments)
    if twice is not None:
        raise UnfitError(f"{twice}: given twice")
    for each in assignments:
        profile = each.applied_to(profile)
    return profile


def _bare(value: str, field: ProfileField) -> str:
    """Take off what a profile file has around a value and a person at a keyboard has not."""
    bare = value.strip()
    if field.kind is Kind.SET and bare.startswith("[") and bare.endswith("]"):
        return bare[1:-1].strip() or "none"
    return bare


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
