"""Every sentence that a rule set can say, read as a person would."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from rolefit.engine import load_ruleset
from rolefit.engine.conditions import ALWAYS, Condition, Conjunction, alternatives
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import RoundRule, Rule, SentenceRule, SignalRule, VerdictRule
from rolefit.engine.templates import Template
from tests.engine.reference_evaluator import compare
from tests.profiles import values

RULESET = load_ruleset()
THRESHOLDS = {name: threshold.value for name, threshold in RULESET.thresholds.items()}
HEDGED = re.compile(
    r"\b(often|usually|typical\w*|mostly|tends?|common|likely|may|can|could|might|sometimes|"
    r"worth|not clear|not known|unknown|nothing is known|if)\b",
    re.IGNORECASE,
)
PERMISSIVE = re.compile(
    r"\b(may|can|could|might|worth|if|not clear|not known|nothing is known)\b", re.IGNORECASE
)
FAULTS = {
    "a missing value": re.compile(r"\bNone\b|\bnull\b|\bnan\b"),
    "two spaces": re.compile(r"  "),
    "a space before punctuation": re.compile(r" [,.;:!?]"),
    "a dangling comma": re.compile(r",\s*[.;)]|,,|,$"),
    "an unfilled hole": re.compile(r"[{}$](?!\d)"),
    "a code": re.compile(r"\b[A-Z]{2,}_[A-Z]|\bG\d+\b"),
    "a field path": re.compile(r"[a-z]_[a-z]"),
    "one of many": re.compile(
        r"(?<![\d,.])1 (papers|models|demos|patents|talks|years|citations|projects)\b"
    ),
    "many of one": re.compile(
        r"(?<![\d,.])(0|[2-9]|\d{2,}) (paper|model|demo|patent|talk|year|citation|project)\b"
    ),
    "a wrong article": re.compile(
        r"\ba (?:applied|engineer|ML|open|early|honest|hour|eval|earlier|article)\b|"
        r"\ban (?:research|doctorate|model|user|useful|one)\b"
    ),
    "a doubled word": re.compile(r"\b(\w+) \1\b"),
}


def templates_of(rule: Rule) -> Iterator[tuple[Template, Condition]]:
    """A rule's sentences, each with the condition under which it is said."""
    if isinstance(rule, SentenceRule):
        yield rule.because, rule.when
    elif isinstance(rule, SignalRule):
        for template in (rule.says_yes, rule.says_no, rule.says_unknown):
            yield template, ALWAYS
    elif isinstance(rule, RoundRule):
        yield rule.probes, ALWAYS
        yield rule.says_unknown, ALWAYS
        yield rule.says_ready, rule.when
        yield rule.says_missing, rule.missing_when
        yield rule.says_thin, rule.thin_when


def renderings(template: Template, condition: Condition) -> Iterator[str]:
    """The sentence for every combination of values that it can meet."""
    shown = [
        hole for hole in dict.fromkeys(template.holes()) if hole in RULESET.vocabulary.fields
    ]
    for conjunction in alternatives(condition):
        choices = [fitting_values(hole, conjunction) for hole in shown]
        for combination in itertools.product(*choices):
            facts: Facts = dict(zip(shown, combination, strict=True))  # type: ignore[arg-type]
            for label in [card.label for card in RULESET.paths.values()]:
                words = {"path": label} if "path" in template.holes() else {}
                yield template.render(facts, RULESET.vocabulary, THRESHOLDS, words)
                if not words:
                    break


def fitting_values(path: str, conjunction: Conjunction) -> list[object]:
    """Values of a field with which the tests of that field hold."""
    tests = [t for t in conjunction if t.subject == path and t.op != "is known"]
    fitting = [
        value
        for value in values(RULESET.vocabulary.fields[path])
        if all(compare(test, value) for test in tests)
    ]
    assert fitting, f"no value tried for {path} fits {tests}"
    return fitting


@pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)
def test_sentence(rule: Rule) -> None:
    for template, condition in templates_of(rule):
        for sentence in renderings(template, condition):
            for fault, pattern in FAULTS.items():
                assert not pattern.search(sentence), f"{fault}: {sentence}"
            assert sentence[0].isupper() or sentence[0].isdigit(), sentence
            assert sentence.endswith("."), sentence


@pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)
def test_hedged_claims_read_hedged(rule: Rule) -> None:
    if isinstance(rule, SignalRule | VerdictRule) or rule.strength not in ("S", "M"):
        return
    pattern = HEDGED if rule.strength == "S" else PERMISSIVE
    said = " ".join(template.text for template, _ in templates_of(rule))
    assert pattern.search(said), said


def test_sentences_without_a_rule() -> None:
    words = {"path": "ML engineer", "path_a": "ML engineer", "path_b": "applied scientist"}
    words |= {"low": "240,000", "high": "420,000", "conclusion": "seat YES"}
    for template in RULESET.sentences.values():
        sentence = template.render_words(words)
        assert not any(pattern.search(sentence) for pattern in FAULTS.values()), sentence


def test_labels_and_questions_read_well() -> None:
    for words in RULESET.vocabulary.words.values():
        assert words.label[0].islower() or words.label[:2].isupper()
        assert words.question.endswith("?")
        for pattern in FAULTS.values():
            assert not pattern.search(words.label)
            assert not pattern.search(words.question)
