"""Reads the messages of the catalogue."""

from __future__ import annotations

from rolefit.client.catalogue import (
    ClaimEntry,
    CodeEntry,
    ComparisonCell,
    ComparisonRow,
    Convention,
    PathEntry,
    RuleEntry,
    RulesetEntry,
    Section,
    Statement,
    VocabularyEntry,
)
from rolefit.client.enum_names import word_reader
from rolefit.client.ruleset import Ruleset
from rolefit.client.vocabulary import ClaimStrength, FindingKind, Path, RuleLayer
from rolefit.v1 import catalogue_pb2 as pb
from rolefit.v1 import evidence_pb2, path_pb2, recommendation_pb2
from rolefit.v1.catalogue_service_pb2 import GetRulesetResponse

_path = word_reader(Path, path_pb2.Path.DESCRIPTOR)
_layer = word_reader(RuleLayer, pb.RuleLayer.DESCRIPTOR)
_kind = word_reader(FindingKind, recommendation_pb2.FindingKind.DESCRIPTOR)
_strength = word_reader(ClaimStrength, evidence_pb2.ClaimStrength.DESCRIPTOR)


def read_path(message: pb.PathEntry) -> PathEntry:
    """Read what the guide says of a path."""
    return PathEntry(
        path=_path(message.path),
        title=message.title,
        tagline=_statement(message.tagline),
        sections=tuple(
            Section(
                id=section.id,
                title=section.title,
                statements=tuple(map(_statement, section.statements)),
            )
            for section in message.sections
        ),
        message=message,
    )


def read_row(message: pb.ComparisonRow) -> ComparisonRow:
    """Read a row of a comparison."""
    return ComparisonRow(
        dimension=message.dimension,
        title=message.title,
        cells=tuple(
            ComparisonCell(
                path=_path(cell.path),
                statement=_statement(cell.statement) if cell.HasField("statement") else None,
            )
            for cell in message.cells
        ),
        message=message,
    )


def read_rule(message: pb.RuleEntry) -> RuleEntry:
    """Read a rule."""
    return RuleEntry(
        id=message.id,
        layer=_layer(message.layer),
        concludes=message.concludes,
        paths=tuple(map(_path, message.paths)),
        condition=message.condition,
        no_condition=message.no_condition,
        sentences=tuple(message.sentences),
        claims=tuple(message.claims),
        strength=_strength(message.strength),
        convention=message.convention,
        source=message.source,
        message=message,
    )


def read_claim(message: pb.ClaimEntry) -> ClaimEntry:
    """Read a claim."""
    return ClaimEntry(
        id=message.id,
        section=message.section,
        kind=message.kind,
        strength=_strength(message.strength),
        text=message.text,
        homes=tuple(message.homes),
        message=message,
    )


def read_code(message: pb.CodeEntry) -> CodeEntry:
    """Read a finding code."""
    return CodeEntry(
        code=message.code,
        kind=_kind(message.kind),
        meaning=message.meaning,
        claims=tuple(message.claims),
        rule_ids=tuple(message.rule_ids),
        message=message,
    )


def read_ruleset(message: GetRulesetResponse) -> RulesetEntry:
    """Read what the rule set is."""
    named = message.ruleset
    return RulesetEntry(
        ruleset=Ruleset(name=named.name, version=named.version, digest=named.digest),
        guide=message.guide,
        rule_count=message.rule_count,
        claim_count=message.claim_count,
        code_count=message.code_count,
        vocabulary=tuple(map(_vocabulary, message.vocabulary)),
        conventions=tuple(
            Convention(name=each.name, value=each.value, why=each.why)
            for each in message.conventions
        ),
        message=message,
    )


def _vocabulary(message: pb.VocabularyEntry) -> VocabularyEntry:
    return VocabularyEntry(
        field=message.field,
        label=message.label,
        question=message.question,
        kind=message.kind,
        values=tuple(message.values),
        ask_rank=message.ask_rank,
        unit=message.unit,
    )


def _statement(message: pb.Statement) -> Statement:
    return Statement(
        text=message.text,
        claims=tuple(message.claims),
        strength=_strength(message.strength),
    )
