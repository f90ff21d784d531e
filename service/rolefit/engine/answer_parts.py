"""Small parts that every answer is written with."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.explanation import FieldEvidence
from rolefit.v1 import evidence_pb2
from rolefit.v1.path_pb2 import Path

STRENGTHS = {
    "": evidence_pb2.CLAIM_STRENGTH_UNSPECIFIED,
    "M": evidence_pb2.CLAIM_STRENGTH_PERMISSIVE,
    "S": evidence_pb2.CLAIM_STRENGTH_HEDGED,
    "H": evidence_pb2.CLAIM_STRENGTH_FLAT,
}


def path_number(path: str) -> Path.ValueType:
    """The contract's value for a path."""
    return Path.Value(f"PATH_{path}")


def evidence_messages(items: Iterable[FieldEvidence]) -> list[evidence_pb2.Evidence]:
    """The contract's messages for evidence."""
    return [
        evidence_pb2.Evidence(
            field=item.field, observed=item.observed, condition=item.condition
        )
        for item in items
    ]
