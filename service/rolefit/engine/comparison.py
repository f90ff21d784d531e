"""Compares two profiles and the answers to them."""

from __future__ import annotations

from collections.abc import Callable

from rolefit.engine.answer_parts import observed_words, path_number
from rolefit.engine.checks import decisive_fields
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset
from rolefit.v1 import comparison_pb2 as pb
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_pb2 import Finding, Recommendation

Pair = tuple[Facts, Facts]


def compare_answers(
    ruleset: Ruleset,
    facts: Pair,
    answers: tuple[Recommendation, Recommendation],
    path_of: Callable[[Facts], str],
) -> pb.Comparison:
    """The comparison of two profiles.

    Args:
        ruleset: The rules that answered.
        facts: Those of the two profiles.
        answers: Those to the two profiles.
        path_of: Says which path the rules conclude from facts.
    """
    a, b = answers
    differing = [path for path in ruleset.vocabulary.fields if _differs(path, facts)]
    changed_by = []
    if a.path != b.path:
        decisive = decisive_fields(ruleset)
        candidates = [path for path in differing if path in decisive]
        changed_by = fields_that_change(candidates, facts, path_of)
    return pb.Comparison(
        a=a,
        b=b,
        differences=[_difference(ruleset, path, facts) for path in differing],
        gained=_findings_beyond(b, a),
        lost=_findings_beyond(a, b),
        path_changed_by=[
            pb.FieldSet(fields=fields, path=path_number(path_of(_merged(fields, facts))))
            for fields in changed_by
        ],
        headline=_headline(ruleset, a.path, b.path),
    )


def fields_that_change(
    candidates: list[str], facts: Pair, path_of: Callable[[Facts], str]
) -> list[list[str]]:
    """The sets of fields that lead from the first profile to the second's path.

    Every single field that does it alone; or, if none does, one set of which no field can
    be left out.

    Args:
        candidates: Differing fields that verdicts rest on; all together lead there.
        facts: Those of the two profiles.
        path_of: Says which path the rules conclude from facts.
    """
    target = path_of(facts[1])
    singles = [[path] for path in candidates if path_of(_merged([path], facts)) == target]
    if singles:
        return singles
    needed = list(candidates)
    # Leaving one out can make another one superfluous, so until nothing can go.
    while True:
        shorter = ([other for other in needed if other != path] for path in needed)
        fewer = next((f for f in shorter if path_of(_merged(f, facts)) == target), None)
        if fewer is None:
            return [needed]
        needed = fewer


def _merged(fields: list[str], facts: Pair) -> Facts:
    """The first profile's facts with the second's values of the fields."""
    merged = {path: value for path, value in facts[0].items() if path not in fields}
    merged.update({path: facts[1][path] for path in fields if path in facts[1]})
    return merged


def _differs(path: str, facts: Pair) -> bool:
    a, b = facts
    return (path in a) != (path in b) or a.get(path) != b.get(path)


def _difference(ruleset: Ruleset, path: str, facts: Pair) -> pb.FieldDifference:
    vocabulary = ruleset.vocabulary
    a, b = (observed_words(path, each, vocabulary) for each in facts)
    return pb.FieldDifference(field=path, label=vocabulary.words[path].label, a=a, b=b)


def _findings_beyond(these: Recommendation, those: Recommendation) -> list[Finding]:
    """Findings of one answer whose code the other has not."""
    codes = {finding.code for finding in those.findings}
    return [finding for finding in these.findings if finding.code not in codes]


def _headline(ruleset: Ruleset, a: Path.ValueType, b: Path.ValueType) -> str:
    labels = [ruleset.paths[Path.Name(p).removeprefix("PATH_")].label for p in (a, b)]
    if a == b:
        return ruleset.sentences["same_path"].render_words({"path": labels[0]})
    words = {"path_a": labels[0], "path_b": labels[1]}
    return ruleset.sentences["changed_path"].render_words(words)
