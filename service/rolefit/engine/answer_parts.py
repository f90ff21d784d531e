"""Small parts that every answer is written with."""

from __future__ import annotations

from collections.abc import Iterable

from rolefit.engine.conditions import Test, describe
from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Vocabulary
from rolefit.v1 import evidence_pb2
from rolefit.v1.path_pb2 import Path

STRENGTHS = {
    "": evidence_pb2.CLAIM_STRENGTH_UNSPECIFIED,
    "M": evidence_pb2.CLAIM_STRENGTH_PERMISSIVE,
    "S": evidence_pb2.CLAIM_STRENGTH_HEDGED,
    "H": evidence_pb2.CLAIM_STRENGTH_FLAT,
}
_NOT_GIVEN = "not given"


def path_number(path: str) -> Path.ValueType:
    """The contract's value for a path."""
    return Path.Value(f"PATH_{path}")


def observed_words(field: str, facts: Facts, vocabulary: Vocabulary) -> str:
    """The value seen of a field, in words."""
    return vocabulary.value_words(field, facts[field]) if field in facts else _NOT_GIVEN


def evidence_messages(
    tests: Iterable[Test], facts: Facts, vocabulary: Vocabulary
) -> list[evidence_pb2.Evidence]:
    """The contract's messages for the tests that something rests on."""
    return [
        evidence_pb2.Evidence(
            field=test.subject,
            observed=observed_words(test.subject, facts, vocabulary),
            condition=describe(test, vocabulary),
        )
        for test in tests
    ]
