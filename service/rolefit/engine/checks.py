"""What has to hold between the rules of a set, beyond each being well formed."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Iterator

from rolefit.engine.conditions import (
    ALWAYS,
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    MAX_ALTERNATIVES,
    Condition,
    Conjunction,
    alternatives,
    negated_alternatives,
    tests_of,
)
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.ruleset import (
    PATHS,
    UNDETERMINED,
    FindingRule,
    PayNoteRule,
    RoundRule,
    Rule,
    Ruleset,
    SentenceRule,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.templates import Template

# Properties of every fact in the rules engine.
_TAKEN = ("id", "sid", "kind")
# Rules that may read the answer.
_AFTER_VERDICT = FindingRule | StatementRule | PayNoteRule


def check_ruleset(ruleset: Ruleset) -> None:
    """Checks the set as a whole.

    Raises:
        RulesetError: It lists every problem, each with file, line and what would be valid.
    """
    problems = [
        *_duplicate_ids(ruleset.rules),
        *_signal_problems(ruleset),
        *_answer_problems(ruleset.rules),
        *_verdict_problems(ruleset),
        *_path_problems(ruleset),
        *_width_problems(ruleset.rules),
    ]
    if not problems:
        # Templates are checked on alternatives, so only once those are sure to exist.
        problems = [*_template_problems(ruleset)]
    if problems:
        raise RulesetError(problems)


def signal_layers(signals: Iterable[SignalRule]) -> list[tuple[SignalRule, ...]]:
    """Signals in layers: each reads only fields and signals of earlier layers.

    Raises:
        graphlib.CycleError: Signals depend on each other in a circle.
    """
    by_name = {rule.signal: rule for rule in signals}
    sorter = graphlib.TopologicalSorter(
        {name: _signals_read(rule, by_name) for name, rule in by_name.items()}
    )
    sorter.prepare()
    layers = []
    order = list(by_name)
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=order.index)
        layers.append(tuple(by_name[name] for name in ready))
        sorter.done(*ready)
    return layers


def decisive_signals(ruleset: Ruleset) -> frozenset[str]:
    """The signals that verdicts rest on, directly or through other signals."""
    return signals_below(ruleset, ruleset.verdicts)


def signals_below(
    ruleset: Ruleset, rules: Iterable[Rule], and_these: Iterable[str] = ()
) -> frozenset[str]:
    """The signals that rules rest on, directly or through other signals, and further ones."""
    by_name = {rule.signal: rule for rule in ruleset.signals}
    pending = [name for rule in rules for name in _signals_read(rule, by_name)]
    pending.extend(and_these)
    below: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in below:
            below.add(name)
            pending.extend(_signals_read(by_name[name], by_name))
    return frozenset(below)


def decisive_fields(ruleset: Ruleset) -> frozenset[str]:
    """The fields that verdicts rest on, through their signals."""
    decisive = decisive_signals(ruleset)
    return frozenset(
        test.subject
        for rule in ruleset.signals
        if rule.signal in decisive
        for condition in conditions_of(rule)
        for test in tests_of(condition)
        if test.subject in ruleset.vocabulary.fields
    )


def conditions_of(rule: Rule) -> Iterator[Condition]:
    """The conditions a rule has: `when`, and those that signals and rounds add."""
    yield rule.when
    if isinstance(rule, SignalRule) and rule.no_when is not None:
        yield rule.no_when
    if isinstance(rule, RoundRule):
        yield from (rule.missing_when, rule.thin_when)


def _signals_read(rule: Rule, names: Iterable[str]) -> list[str]:
    subjects = {test.subject for c in conditions_of(rule) for test in tests_of(c)}
    return [name for name in names if name in subjects]


def _problem(rule: Rule, message: str) -> Problem:
    return Problem(rule.file, rule.line, f"rule '{rule.id}': {message}")


def _duplicate_ids(rules: Iterable[Rule]) -> Iterator[Problem]:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            yield _problem(rule, f"the id is taken by the rule at {other.file}:{other.line}")


def _signal_problems(ruleset: Ruleset) -> Iterator[Problem]:
    by_name: dict[str, SignalRule] = {}
    for rule in ruleset.signals:
        other = by_name.setdefault(rule.signal, rule)
        if other is not rule:
            yield _problem(rule, f"signal '{rule.signal}' is derived by '{other.id}' already")
        # Two underscores stand for a dot in the rules engine, as in a field's path.
        plain = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", rule.signal)
        if not plain or rule.signal in (*_TAKEN, *ruleset.vocabulary.fields):
            yield _problem(
                rule,
                f"'{rule.signal}' cannot name a signal; a name is lower-case words joined by "
                f"'_', and neither a field nor {', '.join(_TAKEN)}",
            )
    try:
        signal_layers(ruleset.signals)
    except graphlib.CycleError as error:
        # The sorter lists a node first that depends on the next; the loop reads either way.
        cycle = " -> ".join(error.args[1])
        yield _problem(by_name[error.args[1][0]], f"signals form a cycle: {cycle}")
        return
    yield from _decisive_signal_problems(ruleset)


def _decisive_signal_problems(ruleset: Ruleset) -> Iterator[Problem]:
    """What is absent is no reason for a path, not by way of a signal either.

    What those signals read has to be on the list of questions, or an answer could wait for
    a fact that nobody asks for.
    """
    fields = ruleset.vocabulary.fields
    decisive = decisive_signals(ruleset)
    for rule in ruleset.signals:
        if rule.signal not in decisive:
            continue
        tests = [test for condition in conditions_of(rule) for test in tests_of(condition)]
        if any(test.op in ("is known", "is unknown") for test in tests):
            yield _problem(
                rule, "a signal that verdicts rest on cannot test 'is known' or 'is unknown'"
            )
        for subject in dict.fromkeys(test.subject for test in tests):
            if subject in fields and subject not in ruleset.vocabulary.ask_order:
                yield _problem(
                    rule, f"verdicts rest on '{subject}', so it belongs into ask_order"
                )


def _answer_problems(rules: Iterable[Rule]) -> Iterator[Problem]:
    for rule in rules:
        if isinstance(rule, _AFTER_VERDICT):
            continue
        for condition in conditions_of(rule):
            for test in tests_of(condition):
                if test.subject in (ANSWER_PATH, ANSWER_CERTAINTY):
                    yield _problem(
                        rule, f"only findings, seat, pay and pay_note may read '{test.subject}'"
                    )


def _verdict_problems(ruleset: Ruleset) -> Iterator[Problem]:
    verdicts = ruleset.verdicts
    if not verdicts:
        yield Problem("topics", 0, "there is no verdict rule")
        return
    if len({rule.file for rule in verdicts}) > 1:
        yield _problem(verdicts[-1], "verdict rules stand in one file, for their order counts")
    last = verdicts[-1]
    if last.when != ALWAYS or last.path != UNDETERMINED:
        yield _problem(last, "the last verdict must be UNDETERMINED, 'when: always'")
    missing = set(PATHS) - {rule.path for rule in verdicts if _ways(rule)}
    for path in sorted(missing):
        yield _problem(last, f"no verdict rule can conclude {path}")
    for rule in verdicts:
        yield from _one_verdict_problems(rule, ruleset)


def _one_verdict_problems(rule: VerdictRule, ruleset: Ruleset) -> Iterator[Problem]:
    for test in tests_of(rule.when):
        if test.subject in ruleset.vocabulary.fields:
            yield _problem(rule, f"a verdict reads signals only, not '{test.subject}'")
        # What is absent is no reason for a path.
        if test.op in ("is known", "is unknown") and rule.path != UNDETERMINED:
            yield _problem(
                rule, "only an UNDETERMINED verdict may test 'is known' or 'is unknown'"
            )


def _ways(rule: VerdictRule) -> list[Conjunction]:
    try:
        return alternatives(rule.when)
    except OverflowError:  # reported by _width_problems
        return [()]


def _path_problems(ruleset: Ruleset) -> Iterator[Problem]:
    names = {rule.signal for rule in ruleset.signals}
    for card in ruleset.paths.values():
        if card.open_signal and card.open_signal not in names:
            yield Problem(
                "paths.yaml", 0, f"{card.path}: there is no signal '{card.open_signal}'"
            )
    for topic in ("seat", "pay"):
        statements = [rule for rule in ruleset.statements if rule.topic == topic]
        if not statements or statements[-1].when != ALWAYS:
            yield Problem("topics", 0, f"the last rule about {topic} must have 'when: always'")


def _width_problems(rules: Iterable[Rule]) -> Iterator[Problem]:
    for rule in rules:
        try:
            for condition in conditions_of(rule):
                alternatives(condition)
                if isinstance(rule, SignalRule):
                    negated_alternatives(condition)
        except OverflowError:
            yield _problem(
                rule,
                f"the condition has more than {MAX_ALTERNATIVES} alternatives; "
                "name parts of it as signals",
            )


def _template_problems(ruleset: Ruleset) -> Iterator[Problem]:
    for signal_rule in ruleset.signals:
        for template in (signal_rule.says_yes, signal_rule.says_no, signal_rule.says_unknown):
            yield from _hole_problems(signal_rule, template, frozenset(), ruleset)
    for rule in ruleset.rules:
        if not isinstance(rule, SentenceRule):
            continue
        known = _always_known(rule.when)
        yield from _hole_problems(rule, rule.because, known, ruleset)
    for round_rule in ruleset.rounds:
        yield from _round_template_problems(round_rule, ruleset)


def _round_template_problems(rule: RoundRule, ruleset: Ruleset) -> Iterator[Problem]:
    for template, condition in (
        (rule.probes, ALWAYS),
        (rule.says_unknown, ALWAYS),
        (rule.says_ready, rule.when),
        (rule.says_missing, rule.missing_when),
        (rule.says_thin, rule.thin_when),
    ):
        yield from _hole_problems(rule, template, _always_known(condition), ruleset)


def _always_known(condition: Condition) -> frozenset[str]:
    """Subjects that are known whenever the condition is true."""
    known = [
        frozenset(test.subject for test in conjunction if test.op != "is unknown")
        for conjunction in alternatives(condition)
    ]
    return frozenset.intersection(*known) if known else frozenset()


def _hole_problems(
    rule: Rule, template: Template, known: frozenset[str], ruleset: Ruleset
) -> Iterator[Problem]:
    for hole in template.holes():
        if hole == "path":
            if not isinstance(rule, _AFTER_VERDICT):
                yield _problem(rule, "{path} is for findings, seat, pay and pay_note")
        elif hole.startswith("$"):
            if hole[1:] not in ruleset.thresholds:
                yield _problem(rule, f"the sentence names an unknown threshold '{hole}'")
        elif hole not in ruleset.vocabulary.fields:
            yield _problem(rule, f"the sentence names an unknown field '{hole}'")
        elif hole not in known:
            yield _problem(
                rule, f"the sentence shows '{hole}', which can be unknown when the rule fires"
            )
