"""Writes what would have to differ as the contract's messages."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.answer_parts import observed_words, path_number
from rolefit.engine.efforts import FieldStep
from rolefit.engine.facts import Facts, write_fact
from rolefit.engine.margins import Flip, Margin
from rolefit.engine.vocabulary import Vocabulary
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.field_change_pb2 import Effort, FieldChange
from rolefit.v1.profile_pb2 import CandidateProfile


def field_changes(
    steps: Iterable[FieldStep], facts: Facts, vocabulary: Vocabulary
) -> list[FieldChange]:
    """The fields of a change, with the values seen."""
    return [
        FieldChange(
            field=step.field,
            label=vocabulary.words[step.field].label,
            observed=observed_words(step.field, facts, vocabulary),
            needed=step.needed,
            effort=Effort.Value(f"EFFORT_{step.effort or 'UNSPECIFIED'}"),
        )
        for step in steps
    ]


def changed_profile(profile: CandidateProfile, steps: Iterable[FieldStep]) -> CandidateProfile:
    """A copy of a profile with a change made."""
    changed = CandidateProfile()
    changed.CopyFrom(profile)
    for step in steps:
        write_fact(changed, step.field, step.value)
    return changed


def margin_message(margin: Margin, vocabulary: Vocabulary) -> pb.Margin:
    """The margin of one number of a profile."""
    return pb.Margin(
        field=margin.field,
        label=vocabulary.words[margin.field].label,
        value=margin.value,
        below=_flip(margin.below),
        above=_flip(margin.above),
    )


def _flip(flip: Flip | None) -> pb.Flip | None:
    if flip is None:
        return None
    return pb.Flip(at=flip.at, distance=flip.distance, path=path_number(flip.path))
