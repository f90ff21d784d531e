"""Reads the response messages of comparisons into plain Python values."""

from __future__ import annotations

from rolefit.client.comparison import FieldDifference, FieldSet, ProfileComparison
from rolefit.client.reading import read_finding, read_path, read_recommendation, read_ruleset
from rolefit.v1 import comparison_pb2
from rolefit.v1.recommendation_service_pb2 import CompareProfilesResponse


def read_comparison(response: CompareProfilesResponse) -> ProfileComparison:
    """Read a response of CompareProfiles; like `read_answer`, it copes with whatever comes."""
    found = response.comparison
    return ProfileComparison(
        a=read_recommendation(found.a),
        b=read_recommendation(found.b),
        differences=tuple(map(_difference, found.differences)),
        gained=tuple(map(read_finding, found.gained)),
        lost=tuple(map(read_finding, found.lost)),
        path_changed_by=tuple(map(_field_set, found.path_changed_by)),
        headline=found.headline,
        ruleset=read_ruleset(response.ruleset),
        decision_id=response.decision_id,
        message=response,
    )


def _difference(message: comparison_pb2.FieldDifference) -> FieldDifference:
    return FieldDifference(field=message.field, label=message.label, a=message.a, b=message.b)


def _field_set(message: comparison_pb2.FieldSet) -> FieldSet:
    return FieldSet(fields=tuple(message.fields), path=read_path(message.path))
