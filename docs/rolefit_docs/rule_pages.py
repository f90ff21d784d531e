"""Pages about the rules: a list of all, and one page for each file of them."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from functools import cached_property
from pathlib import PurePosixPath

from rolefit.engine.checks import conditions_of
from rolefit.engine.conditions import tests_of
from rolefit.engine.ruleset import FindingRule, Rule, SignalRule
from rolefit.engine.templates import Template
from rolefit.v1.catalogue_pb2 import RuleLayer
from rolefit_docs.guide_pages import STRENGTH_WORDS, claim_list
from rolefit_docs.links import Kind, Linker, Links
from rolefit_docs.markdown import bullets, code, escaped, heading, link, page, table
from rolefit_docs.page import Page
from rolefit_docs.sources import Sources

_INDEX = "reference/rules/index.md"

# What the sentences of a rule are for, by the name of the attribute that holds them.
_SAID = {
    "because": "Says",
    "says_yes": "Says for yes",
    "says_no": "Says for no",
    "says_unknown": "Says for unknown",
    "probes": "The round",
    "says_ready": "Says for ready",
    "says_missing": "Says for missing",
    "says_thin": "Says for thin",
}
_SUBJECT = re.compile(r"^(\s*)([a-z][\w.]*)(?= (?:is|has|lacks|[<>]))")


def rule_pages(sources: Sources) -> list[Page]:
    """The list of rules, then a page for each file."""
    by_file: dict[str, list[Rule]] = defaultdict(list)
    for rule in sources.ruleset.rules:
        by_file[rule.file].append(rule)
    readers = _Readers(sources)
    pages: list[Page] = [RuleIndexPage(sources)]
    for file in sorted(by_file):
        rules = sorted(by_file[file], key=lambda rule: rule.line)
        pages.append(TopicPage(sources, readers, file, rules))
    return pages


def layer_words(sources: Sources, rule: Rule) -> str:
    """The layer of a rule in a word, such as "finding"."""
    name = RuleLayer.Name(sources.catalogue.rules[rule.id].layer)
    return name.removeprefix("RULE_LAYER_").lower()


class _Readers:
    """Which rules read which signal."""

    def __init__(self, sources: Sources):
        self._rules = sources.ruleset.rules

    @cached_property
    def of_signals(self) -> dict[str, list[str]]:
        """Ids of the rules whose conditions name a signal, by signal."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for rule in self._rules:
            for condition in conditions_of(rule):
                for test in tests_of(condition):
                    found[test.subject][rule.id] = None
        return {subject: [*rule_ids] for subject, rule_ids in found.items()}


class RuleIndexPage(Page):
    """Every rule in one table."""

    uri = _INDEX
    title = "All rules"

    def __init__(self, sources: Sources):
        self._sources = sources

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        rules = self._sources.ruleset.rules
        about = self._sources.catalogue.ruleset
        rows = [
            (
                linker.to(Kind.RULE, rule.id),
                layer_words(self._sources, rule),
                _concluded(self._sources, linker, rule),
                linker.all_to(Kind.CLAIM, rule.claims),
                f"{STRENGTH_WORDS[rule.strength]}{', convention' if rule.convention else ''}",
            )
            for rule in rules
        ]
        return page(
            # The table needs the width, and one heading is no table of contents.
            "---\nhide: [toc]\n---",
            heading(1, "All rules"),
            f"{len(rules)} rules of {code(f'{about.name} {about.version}')}, in the order in "
            "which they run: signals, findings, fit, verdict, statements, preparation. How to "
            f"read and write them: {link('The rules', linker.href('rules.md'))}. The same "
            f"comes from {linker.to(Kind.SYMBOL, 'ListRules')} and "
            f"{linker.to(Kind.SYMBOL, 'GetRule')}.",
            f"Digest of the content: {code(about.digest)}.",
            table(("Rule", "Layer", "Concludes", "Claims", "Strength"), rows),
        )


class TopicPage(Page):
    """The rules of one file."""

    def __init__(self, sources: Sources, readers: _Readers, file: str, rules: list[Rule]):
        stem = PurePosixPath(file).stem
        self.uri = f"reference/rules/{stem}.md"
        self.title = stem.replace("_", " ").replace("-", " ").capitalize()
        self._sources = sources
        self._readers = readers
        self._file = file
        self._rules = rules

    def register(self, links: Links) -> None:
        """Note the rules and the signals they derive."""
        for rule in self._rules:
            links.add(Kind.RULE, rule.id, self.uri, rule.id)
            if isinstance(rule, SignalRule):
                links.add(Kind.SIGNAL, rule.signal, self.uri, rule.id)

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        return page(
            heading(1, f"{self.title}: rules"),
            escaped(self._introduction()),
            f"From {code(f'rules/{self._file}')}, in the order of the file.",
            *(self._rule(linker, rule) for rule in self._rules),
        )

    def _introduction(self) -> str:
        """The comment at the head of the file."""
        words = []
        for line in (self._sources.root / "rules" / self._file).read_text("utf-8").split("\n"):
            if not line.startswith("# ") or line.startswith("# --"):
                break
            words.append(line.removeprefix("# ").strip())
        return " ".join(words)

    def _rule(self, linker: Linker, rule: Rule) -> str:
        entry = self._sources.catalogue.rules[rule.id]
        facts = [
            f"{layer_words(self._sources, rule).capitalize()} "
            f"{_concluded(self._sources, linker, rule)}",
            f"strength: {STRENGTH_WORDS[rule.strength]}" if rule.claims else "no claim",
            "**convention**" if rule.convention else "",
            code(f"rules/{entry.source}"),
        ]
        readers = self._readers.of_signals
        read_by = readers.get(rule.signal, []) if isinstance(rule, SignalRule) else []
        return page(
            heading(2, rule.id, rule.id),
            " · ".join(fact for fact in facts if fact),
            self._condition(linker, entry.condition),
            page("NO if", self._condition(linker, entry.no_condition))
            if entry.no_condition
            else "",
            bullets(_sentences(linker, rule)),
            page("Claims:", claim_list(self._sources, linker, rule.claims))
            if rule.claims
            else "",
            f"Read by {linker.all_to(Kind.RULE, read_by)}." if read_by else "",
        )

    def _condition(self, linker: Linker, condition: str) -> str:
        """A condition with its subjects as links; the style sheet keeps its line ends."""
        lines = (self._line(linker, line) for line in condition.split("\n"))
        text = "\n".join(lines)
        return f'<div class="condition" markdown="span">{text}</div>'

    def _line(self, linker: Linker, line: str) -> str:
        match = _SUBJECT.match(line)
        if match is None:
            return escaped(line)
        indent, subject = match[1], match[2]
        rest = escaped(line[match.end() :])
        for kind in (Kind.SIGNAL, Kind.PROFILE_FIELD):
            if linker.knows(kind, subject):
                return f"{indent}{linker.to(kind, subject, escaped(subject))}{rest}"
        return f"{indent}{escaped(subject)}{rest}"


def _concluded(sources: Sources, linker: Linker, rule: Rule) -> str:
    if isinstance(rule, FindingRule):
        return linker.to(Kind.CODE, rule.code)
    return code(sources.catalogue.rules[rule.id].concludes)


def _sentences(linker: Linker, rule: Rule) -> list[str]:
    values = ((field.name, getattr(rule, field.name)) for field in dataclasses.fields(rule))
    return [
        f"{_SAID.get(name, name)}: {linker.template(value.text)}"
        for name, value in values
        if isinstance(value, Template)
    ]
