"""Our rules in CLIPS, through clipspy.

One environment for all decisions, reset before each. A profile is a wide fact for its fields,
one for each layer of signals and one for the answer, so that rules join a handful of facts
that occur once; a fact for each field joins more and takes longer. Each alternative of a
condition is a rule, which adds its number to a global list.

Facts are asserted by deffunctions, and no fact is ever handed to Python: clipspy 1.0.6 never
releases those (its `Fact.__del__` passes two arguments to `ReleaseFact`, which takes one, and
swallows the TypeError), so that memory and time grow with every decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from bench.peers.formulas import (
    CERTAINTY,
    PATH,
    Formula,
    Formulas,
    Literal,
    Scalar,
    Variables,
    conjunctions,
    translate,
)
from bench.peers.peer import Decided, NotAvailableError, Peer
from bench.peers.variables import Reader, signal_value
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset

try:
    import clips
except ImportError:
    clips = None

PACKAGE = "clipspy"


class ClipsPeer:
    """The rule set in one CLIPS environment."""

    def __init__(self, name: str, ruleset: Ruleset):
        self.name = name
        formulas = translate(ruleset)
        self._formulas = formulas
        self._reader = Reader(formulas, ruleset.vocabulary.fields)
        self._network = Network(formulas)
        self._rules: list[str] = []
        self._refuted: dict[str, int] = {}
        self._met: dict[str, int] = {}
        for layer in formulas.signals:
            for signal in layer:
                self._met[signal.rule] = self._add(signal.rule, signal.yes)
                # What refutes a signal is no rule that fires.
                self._refuted[signal.rule] = self._add("", signal.no)
        for rule in (*formulas.early, *formulas.verdicts, *formulas.late):
            self._met[rule.rule] = self._add(rule.rule, rule.when)

    def _add(self, rule: str, when: Formula) -> int:
        number = len(self._rules)
        self._rules.append(rule)
        self._network.add(number, when)
        return number

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        network, met, refuted = self._network, self._met, self._refuted
        fired = network.start(self._reader.read(facts))
        for i, layer in enumerate(self._formulas.signals):
            signals: Variables = {
                signal.variable: signal_value(
                    met[signal.rule] in fired, refuted[signal.rule] in fired
                )
                for signal in layer
            }
            fired |= network.tell(f"signals-{i}", signals)
        path = next(r.path for r in self._formulas.verdicts if met[r.rule] in fired)
        fired |= network.tell("answer", {PATH: path, CERTAINTY: certainty})
        rules = self._rules
        return Decided(path, frozenset(rules[number] for number in fired if rules[number]))

    def close(self) -> None:
        """Nothing is held that CLIPS does not free by itself."""


class Network:
    """Facts and rules in CLIPS; a rule has a number, and is told by it when it fires."""

    def __init__(self, formulas: Formulas):
        self._environment = clips.Environment()
        self._slots: dict[str, tuple[str, ...]] = {"profile": tuple(formulas.unknown)}
        for i, layer in enumerate(formulas.signals):
            self._slots[f"signals-{i}"] = tuple(signal.variable for signal in layer)
        self._slots["answer"] = (PATH, CERTAINTY)
        self._template = {slot: t for t, slots in self._slots.items() for slot in slots}
        self._count = 0
        build = self._environment.build
        build("(defglobal ?*fired* = (create$))")
        build(
            "(deffunction take () (bind ?list ?*fired*) (bind ?*fired* (create$)) ?list)",
        )
        for template, slots in self._slots.items():
            build(f"(deftemplate {template} {' '.join(f'(slot {slot})' for slot in slots)})")
            parameters = " ".join(f"?{slot}" for slot in slots)
            values = " ".join(f"({slot} ?{slot})" for slot in slots)
            build(
                f"(deffunction tell-{template} ({parameters})"
                f" (assert ({template} {values})) TRUE)"
            )

    def add(self, number: int, when: Formula) -> None:
        """Add a rule."""
        for conjunction in conjunctions(when):
            self._count += 1
            self._environment.build(
                f"(defrule rule-{self._count} {self._patterns(conjunction)}"
                f" => (bind ?*fired* ?*fired* {number}))"
            )

    def _patterns(self, conjunction: Sequence[Literal]) -> str:
        slots: dict[str, dict[str, list[Literal]]] = {}
        for literal in conjunction:
            by_slot = slots.setdefault(self._template[literal.variable], {})
            by_slot.setdefault(literal.variable, []).append(literal)
        # A rule without conditions waits for the profile.
        slots.setdefault("profile", {})
        return " ".join(
            f"({template} {' '.join(_slot(*each) for each in sorted(slots[template].items()))})"
            for template in self._slots
            if template in slots
        )

    def start(self, variables: Variables) -> set[int]:
        """Forget the profile before, and tell of a new one; numbers of the rules that fire."""
        self._environment.reset()
        return self.tell("profile", variables)

    def tell(self, template: str, variables: Variables) -> set[int]:
        """Assert a fact; numbers of the rules that fire."""
        values = [_value(variables[slot]) for slot in self._slots[template]]
        call = self._environment.call
        call(f"tell-{template}", *values)
        self._environment.run()
        return set(call("take"))


def _value(value: Scalar) -> object:
    return clips.Symbol(value) if isinstance(value, str) else value


def _slot(slot: str, literals: Sequence[Literal]) -> str:
    constraints: list[str] = []
    for literal in literals:
        if literal.op == "in":
            constraints.append("|".join(map(str, literal.constants)))
        elif literal.op == "not in":
            constraints.extend(f"~{constant}" for constant in literal.constants)
        else:
            constraints.append(f"?{slot}&:({literal.op} ?{slot} {literal.constants[0]})")
    return f"({slot} {'&'.join(constraints)})"


def open_peer(ruleset: Ruleset) -> Peer:
    """The rule set as CLIPS rules.

    Raises:
        NotAvailableError: The package is not installed.
    """
    try:
        return ClipsPeer(f"{PACKAGE} {version(PACKAGE)}", ruleset)
    except PackageNotFoundError as error:
        raise NotAvailableError(f"{PACKAGE} is not installed") from error
