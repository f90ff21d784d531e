"""Writes a rule set as the contract's catalogue: paths, rules, claims, codes, vocabulary."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cached_property

from rolefit.engine.answer_parts import STRENGTHS
from rolefit.engine.catalogue import PathPage, Statement
from rolefit.engine.rule_entries import concludes, rule_entry
from rolefit.engine.ruleset import Claim, Code, Ruleset
from rolefit.v1 import catalogue_pb2 as pb
from rolefit.v1 import catalogue_service_pb2, path_pb2, recommendation_pb2

Path = path_pb2.Path


class CatalogueMessages:
    """The catalogue of one rule set. Each part is written when it is first asked for."""

    def __init__(self, ruleset: Ruleset):
        self._ruleset = ruleset
        self.ruleset = recommendation_pb2.Ruleset(
            name=ruleset.name, version=ruleset.version, digest=ruleset.digest
        )

    @cached_property
    def paths(self) -> dict[Path.ValueType, pb.PathEntry]:
        """The paths, in the contract's order."""
        pages = self._ruleset.catalogue.pages.values()
        return {_path(page.path): self._path_entry(page) for page in pages}

    @cached_property
    def rules(self) -> dict[str, pb.RuleEntry]:
        """The rules by id, in the order of the layers."""
        entries = sorted(map(rule_entry, self._ruleset.rules), key=lambda entry: entry.layer)
        return {entry.id: entry for entry in entries}

    @cached_property
    def claims(self) -> dict[str, pb.ClaimEntry]:
        """The claims by id, in the guide's order."""
        homes: dict[str, dict[str, None]] = {claim: {} for claim in self._ruleset.claims}
        for home, cited in self._homes():
            for claim in cited:
                homes[claim][home] = None
        return {
            claim.id: _claim_entry(claim, [*homes[claim.id]])
            for claim in self._ruleset.claims.values()
        }

    @cached_property
    def codes(self) -> dict[str, pb.CodeEntry]:
        """The finding codes by name, principal ones first."""
        rule_ids: dict[str, list[str]] = {code: [] for code in self._ruleset.codes}
        for rule in self._ruleset.findings:
            rule_ids[rule.code].append(rule.id)
        codes = sorted(self._ruleset.codes.values(), key=lambda code: code.rank)
        return {code.name: _code_entry(code, rule_ids[code.name]) for code in codes}

    @cached_property
    def about(self) -> catalogue_service_pb2.GetRulesetResponse:
        """The rule set as a whole."""
        return catalogue_service_pb2.GetRulesetResponse(
            ruleset=self.ruleset,
            guide=self._ruleset.guide,
            rule_count=len(self._ruleset.rules),
            claim_count=len(self._ruleset.claims),
            code_count=len(self._ruleset.codes),
            vocabulary=self._vocabulary(),
            conventions=self._conventions(),
        )

    def comparison(self, paths: Sequence[Path.ValueType]) -> list[pb.ComparisonRow]:
        """What each dimension says of `paths`; one that says nothing of them is left out."""
        names = [(path, Path.Name(path).removeprefix("PATH_")) for path in paths]
        return [
            pb.ComparisonRow(
                dimension=dimension.id,
                title=dimension.title,
                cells=[_cell(path, dimension.cells.get(name)) for path, name in names],
            )
            for dimension in self._ruleset.catalogue.dimensions
            if any(name in dimension.cells for _, name in names)
        ]

    def _path_entry(self, page: PathPage) -> pb.PathEntry:
        return pb.PathEntry(
            path=_path(page.path),
            title=self._ruleset.paths[page.path].label,
            tagline=_statement(page.tagline),
            sections=[
                pb.Section(
                    id=section.id,
                    title=section.title,
                    statements=map(_statement, section.statements),
                )
                for section in page.sections
            ],
        )

    def _homes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every place that cites claims, with the claims it cites."""
        for rule in self._ruleset.rules:
            yield f"rule {rule.id}", rule.claims
        for home, statement in self._ruleset.catalogue.homes():
            yield home, statement.claims
        for band in self._ruleset.bands:
            yield f"pay band {band.path} {band.level}", band.claims
        skills = self._ruleset.skills_in_demand
        yield f"skills in demand {skills.path}", skills.claims

    def _vocabulary(self) -> Iterator[pb.VocabularyEntry]:
        vocabulary = self._ruleset.vocabulary
        ranks = {path: rank for rank, path in enumerate(vocabulary.ask_order, start=1)}
        for path, field in vocabulary.fields.items():
            yield pb.VocabularyEntry(
                field=path,
                label=vocabulary.words[path].label,
                question=vocabulary.words[path].question,
                kind=field.kind.value,
                values=field.values,
                ask_rank=ranks.get(path, 0),
                unit=vocabulary.words[path].unit,
            )

    def _conventions(self) -> Iterator[pb.Convention]:
        for threshold in self._ruleset.thresholds.values():
            if threshold.convention:
                yield pb.Convention(
                    name=f"${threshold.name}", value=str(threshold.value), why=threshold.why
                )
        for rule in self._ruleset.rules:
            if rule.convention:
                sentence = self._ruleset.sentences["convention"]
                why = sentence.render_words({"conclusion": concludes(rule)})
                yield pb.Convention(name=rule.id, why=why)


def _statement(statement: Statement) -> pb.Statement:
    return pb.Statement(
        text=statement.text, claims=statement.claims, strength=STRENGTHS[statement.strength]
    )


def _cell(path: Path.ValueType, statement: Statement | None) -> pb.ComparisonCell:
    said = None if statement is None else _statement(statement)
    return pb.ComparisonCell(path=path, statement=said)


def _claim_entry(claim: Claim, homes: list[str]) -> pb.ClaimEntry:
    fields = dataclasses.asdict(claim) | {"strength": STRENGTHS[claim.strength]}
    return pb.ClaimEntry(**fields, homes=homes)


def _code_entry(code: Code, rule_ids: list[str]) -> pb.CodeEntry:
    return pb.CodeEntry(
        code=code.name,
        kind=recommendation_pb2.FindingKind.Value(f"FINDING_KIND_{code.kind}"),
        meaning=code.means,
        claims=code.claims,
        rule_ids=rule_ids,
    )


def _path(path: str) -> Path.ValueType:
    return Path.Value(f"PATH_{path}")
