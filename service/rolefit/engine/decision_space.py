"""The verdict, and what is open, as functions of every profile at once.

Rules observe the fields that verdicts rest on through a few tests. So each such field is
a variable with a value for "absent" and one for every cell that those tests tell apart, and
the path is a decision diagram over these variables. It says nothing that the rules do not
say, but it says it of all profiles together: which paths the fillings of a half-empty
profile lead to, or what would have to differ for another path. durable_rules stays what
concludes; `outcome.py` holds its conclusion against the diagram's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rolefit.engine.cells import CellCountError, Cells, cells_of
from rolefit.engine.checks import conditions_of, signal_layers, signals_below
from rolefit.engine.conditions import All, Condition, Not, Test, tests_of
from rolefit.engine.decision_diagram import NO, YES, Diagrams, DiagramSizeError, Ref, leaf
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import (
    ALL_PATHS,
    PATHS,
    UNDETERMINED,
    FindingRule,
    Rule,
    Ruleset,
)
from rolefit.engine.sections import Chain
from rolefit.engine.vocabulary import FactValue

# In the diagrams of what is open.
OPEN_NO, OPEN_YES, OPEN_UNKNOWN = 0, 1, 2
# The value of a variable whose field is absent; its cells follow.
ABSENT = 0

# Our own rules need some 7,000; this takes a second or two and some 100 MB.
MAX_NODES = 300_000

Position = tuple[int, ...]
# Where a condition is true, and where it is false.
_Truth = tuple[Ref, Ref]


class SpaceSizeError(Exception):
    """A rule set tells too many profiles apart to hold them all."""


class DecisionSpace:
    """All profiles, as the verdict rules see them.

    Args:
        ruleset: The rules.
        capacity: Most combinations of values that each section remembers.
        max_nodes: Most nodes of all functions.

    Attributes:
        fields: The variables: paths of the fields, those of one section together.
        ask_rank: For each variable its place in the order to ask.
        cells: The cells of each.
        tests: By field, the tests that make its cells.
        diagrams: Holds the functions below.
        path: The path, by its place in ALL_PATHS.
        path_sets: The path as a set of one: bit i for the i-th of ALL_PATHS.
        swayed: For each variable, the set of paths that it decides between, all others given:
            no bit where it decides nothing. Whether the field is given at all counts as well.
        chain: The path by sections of the profile.
        open_now: For every path, whether it is open now.
        disputes: Which findings say that facts disagree, of those that rest on the variables
            alone: bit i for the i-th of them.

    Raises:
        SpaceSizeError: The functions need more nodes than allowed.
    """

    def __init__(self, ruleset: Ruleset, capacity: int, max_nodes: int = MAX_NODES):
        self._ruleset = ruleset
        signals = _signals(ruleset)
        tests = _field_tests([r for r in ruleset.signals if r.signal in signals], ruleset)
        disputes = [
            rule for rule in _contradictions(ruleset) if _reads(rule) <= {*tests, *signals}
        ]
        for path, more in _field_tests(disputes, ruleset).items():
            tests[path] += more
        order = dict.fromkeys((*ruleset.vocabulary.ask_order, *ruleset.vocabulary.fields))
        asked = [path for path in order if path in tests]
        self.fields = _by_section(asked)
        self.ask_rank = tuple(asked.index(path) for path in self.fields)
        self.tests = {path: tuple(tests[path]) for path in self.fields}
        self._level = {path: level for level, path in enumerate(self.fields)}
        try:
            self.cells: tuple[Cells, ...] = tuple(
                cells_of(ruleset.vocabulary.fields[path], tests[path]) for path in self.fields
            )
            self.diagrams = Diagrams([1 + len(cells) for cells in self.cells], max_nodes)
            self._derive(signals)
            self.path = self._path()
            self.path_sets = self.diagrams.convert(lambda number: 1 << number, self.path)
            self.swayed = tuple(self._swayed(level) for level in range(len(self.fields)))
            disagreeing = [self._truth(rule.when)[0] for rule in disputes]
            self.disputes = self._bits(disagreeing)
            self.chain = Chain(self.diagrams, self.path, self.fields, disagreeing, capacity)
            self.open_now = {path: self._open_now(path) for path in PATHS}
        except (CellCountError, DiagramSizeError) as error:
            raise SpaceSizeError(str(error)) from None

    def locate(self, facts: Facts) -> Position:
        """The values of the variables for the facts of a profile."""
        return tuple(
            ABSENT if path not in facts else 1 + cells.locate(facts[path])
            for path, cells in zip(self.fields, self.cells, strict=True)
        )

    def place(self, path: str, value: FactValue) -> int:
        """The value of the variable for a value of a field; ABSENT if the field is none."""
        level = self._level.get(path)
        return ABSENT if level is None else 1 + self.cells[level].locate(value)

    def path_at(self, position: Position) -> str:
        """The path that verdicts conclude."""
        return ALL_PATHS[self.diagrams.value(self.path, position)]

    def contradictions_at(self, position: Position) -> int:
        """The number of `disputes` at a position."""
        return self.diagrams.value(self.disputes, position)

    def _swayed(self, level: int) -> Ref:
        diagrams = self.diagrams
        union = NO
        for value in range(diagrams.sizes[level]):
            held = diagrams.fix(self.path_sets, level, value)
            union = diagrams.combine(int.__or__, union, held)
        return diagrams.convert(lambda paths: paths if paths & (paths - 1) else 0, union)

    def _derive(self, wanted: frozenset[str]) -> None:
        self._signals: dict[str, _Truth] = {}
        for layer in signal_layers(self._ruleset.signals):
            for rule in layer:
                if rule.signal not in wanted:
                    continue
                yes, no = self._truth(rule.when)
                if rule.no_when is not None:
                    no, _ = self._truth(rule.no_when)
                    # Where both hold the facts disagree, and nothing is known.
                    clash = self.diagrams.both(yes, no)
                    yes = self.diagrams.choose(clash, NO, yes)
                    no = self.diagrams.choose(clash, NO, no)
                self._signals[rule.signal] = (yes, no)

    def _truth(self, condition: Condition) -> _Truth:
        if isinstance(condition, Test):
            return self._test_truth(condition)
        if isinstance(condition, Not):
            true, false = self._truth(condition.part)
            return false, true
        true, false = (YES, NO) if isinstance(condition, All) else (NO, YES)
        meet, join = self.diagrams.both, self.diagrams.either
        if not isinstance(condition, All):
            meet, join = join, meet
        for part in condition.parts:
            part_true, part_false = self._truth(part)
            true, false = meet(true, part_true), join(false, part_false)
        return true, false

    def _test_truth(self, test: Test) -> _Truth:
        if test.subject in self._signals:
            yes, no = self._signals[test.subject]
            known = self.diagrams.either(yes, no)
        else:
            level = self._level[test.subject]
            cells = self.cells[level]
            passes = [leaf(test.accepts(cells.sample(cell))) for cell in range(len(cells))]
            fails = [YES if ref == NO else NO for ref in passes]
            yes = self.diagrams.node(level, (NO, *passes))
            no = self.diagrams.node(level, (NO, *fails))
            known = self.diagrams.node(level, (NO, *[YES] * len(cells)))
        if test.op in ("is known", "is unknown"):
            unknown = self.diagrams.opposite(known)
            return (known, unknown) if test.op == "is known" else (unknown, known)
        return (no, yes) if test.op == "is no" else (yes, no)

    def _path(self) -> Ref:
        path = leaf(ALL_PATHS.index(UNDETERMINED))
        for rule in reversed(self._ruleset.verdicts):
            concluded = leaf(ALL_PATHS.index(rule.path))
            path = self.diagrams.choose(self._truth(rule.when)[0], concluded, path)
        return path

    def _bits(self, refs: list[Ref]) -> Ref:
        bits = NO
        # From the last on, each shift makes room for the one before it.
        for ref in reversed(refs):
            bits = self.diagrams.combine(lambda all_, one: all_ << 1 | one, bits, ref)
        return bits

    def _open_now(self, path: str) -> Ref:
        signal = self._ruleset.paths[path].open_signal
        yes, no = self._signals[signal] if signal else (YES, NO)
        unless_yes = self.diagrams.choose(no, leaf(OPEN_NO), leaf(OPEN_UNKNOWN))
        return self.diagrams.choose(yes, leaf(OPEN_YES), unless_yes)


def _by_section(paths: list[str]) -> tuple[str, ...]:
    """The fields, those of one section of the profile together.

    Signals read fields of one section for the most part, so little has to be carried from
    one section to the next, and the diagrams are a third of what they are in other orders.
    """
    sections: dict[str, list[str]] = {}
    for path in paths:
        sections.setdefault(path.split(".")[0], []).append(path)
    return tuple(path for section in sections.values() for path in section)


def _signals(ruleset: Ruleset) -> frozenset[str]:
    """The signals that verdicts and openness rest on."""
    opens = [card.open_signal for card in ruleset.paths.values() if card.open_signal]
    return signals_below(ruleset, ruleset.verdicts, opens)


def _contradictions(ruleset: Ruleset) -> Iterator[FindingRule]:
    for rule in ruleset.findings:
        if ruleset.codes[rule.code].kind == "CONTRADICTION":
            yield rule


def _reads(rule: Rule) -> set[str]:
    return {test.subject for condition in conditions_of(rule) for test in tests_of(condition)}


def _field_tests(rules: Iterable[Rule], ruleset: Ruleset) -> dict[str, list[Test]]:
    tests: dict[str, list[Test]] = {}
    for rule in rules:
        for condition in conditions_of(rule):
            for test in tests_of(condition):
                if test.subject in ruleset.vocabulary.fields:
                    tests.setdefault(test.subject, []).append(test)
    return tests
