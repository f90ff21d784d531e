"""Reads the response messages of changes into plain Python values."""

from __future__ import annotations

from rolefit.client.change import Change, Changes
from rolefit.client.enum_names import word_reader
from rolefit.client.reading import (
    read_field_change,
    read_path,
    read_recommendation,
    read_ruleset,
)
from rolefit.client.vocabulary import ChangeOutcome
from rolefit.v1 import change_pb2
from rolefit.v1.recommendation_service_pb2 import FindChangesResponse

_outcome = word_reader(ChangeOutcome, change_pb2.ChangeOutcome.DESCRIPTOR)


def read_changes(response: FindChangesResponse) -> Changes:
    """Read a response of FindChanges; like `read_answer`, it copes with whatever comes."""
    return Changes(
        current_path=read_path(response.current_path),
        outcome=_outcome(response.outcome),
        changes=tuple(map(_change, response.changes)),
        headline=response.headline,
        ruleset=read_ruleset(response.ruleset),
        decision_id=response.decision_id,
        message=response,
    )


def _change(message: change_pb2.Change) -> Change:
    return Change(
        fields=tuple(map(read_field_change, message.fields)),
        profile=message.profile,
        recommendation=read_recommendation(message.recommendation),
    )
