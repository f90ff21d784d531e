"""Peers that evaluate expressions: CEL and zen.

An expression is a list of formulas, its value a list of truths. One is compiled for each
layer of signals, one for what the signals alone decide, one for what reads the answer; in
between, the signals and the path are added to what the next expression sees. That is fewer
and longer expressions than one for each rule, which costs both peers two to ten times more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Generic, Protocol, TypeVar

from bench.peers.formulas import (
    CERTAINTY,
    PATH,
    Every,
    Formula,
    Literal,
    Scalar,
    SignalFormula,
    Some,
    Variables,
    literals,
    translate,
)
from bench.peers.peer import Decided
from bench.peers.variables import Reader, signal_value
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset

Expression = TypeVar("Expression")


@dataclass(frozen=True)
class Syntax:
    """How a language writes "and", "or" and "none of": the rest is the same everywhere."""

    every: str
    some: str
    none_of: str

    def write(self, formula: Formula) -> str:
        """A formula as an expression."""
        if isinstance(formula, Every):
            return self._join(self.every, formula.parts, "true")
        if isinstance(formula, Some):
            return self._join(self.some, formula.parts, "false")
        return self._literal(formula)

    def write_list(self, formulas: Sequence[Formula]) -> str:
        """An expression for the truths of several formulas."""
        return f"[{', '.join(map(self.write, formulas))}]"

    def _join(self, word: str, parts: Sequence[Formula], of_none: str) -> str:
        return f"({f' {word} '.join(map(self.write, parts))})" if parts else of_none

    def _literal(self, literal: Literal) -> str:
        constants = [_constant(each) for each in literal.constants]
        if literal.op not in ("in", "not in"):
            return f"{literal.variable} {literal.op} {constants[0]}"
        if len(constants) == 1:
            op = "==" if literal.op == "in" else "!="
            return f"{literal.variable} {op} {constants[0]}"
        members = f"[{', '.join(constants)}]"
        if literal.op == "in":
            return f"({literal.variable} in {members})"
        return f"({self.none_of.format(literal.variable, members)})"


def _constant(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


class Evaluator(Protocol[Expression]):
    """What an expression language has to do."""

    syntax: Syntax

    def compile(self, text: str, reads: Sequence[str]) -> Expression:
        """An expression, ready to be evaluated many times, and the variables it reads."""

    def see(self, variables: Variables) -> None:
        """Set variables for the expressions that follow."""

    def evaluate(self, expression: Expression) -> Sequence[bool]:
        """The truths of a list of formulas."""


class ExpressionPeer(Generic[Expression]):
    """The rule set in an expression language."""

    def __init__(self, name: str, ruleset: Ruleset, evaluator: Evaluator[Expression]):
        formulas = translate(ruleset)
        self.name = name
        self._reader = Reader(formulas, ruleset.vocabulary.fields)
        self._evaluator = evaluator
        self._verdicts = formulas.verdicts

        def expression(of: Sequence[Formula]) -> Expression:
            reads = sorted({each.variable for formula in of for each in literals(formula)})
            return evaluator.compile(evaluator.syntax.write_list(of), reads)

        self._layers: list[tuple[tuple[SignalFormula, ...], Expression]] = [
            (layer, expression([*(s.yes for s in layer), *(s.no for s in layer)]))
            for layer in formulas.signals
        ]
        # Verdicts first, so that their places are known.
        middle = (*formulas.verdicts, *formulas.early)
        self._middle = expression([rule.when for rule in middle])
        self._middle_ids = [rule.rule for rule in middle]
        self._late = expression([rule.when for rule in formulas.late])
        self._late_ids = [rule.rule for rule in formulas.late]

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        evaluator = self._evaluator
        evaluator.see(self._reader.read(facts))
        fired: list[str] = []
        for layer, expression in self._layers:
            truths = evaluator.evaluate(expression)
            refuted = truths[len(layer) :]
            evaluator.see(
                {
                    signal.variable: signal_value(yes, no)
                    for signal, yes, no in zip(layer, truths, refuted, strict=False)
                }
            )
            fired.extend(signal.rule for signal, yes in zip(layer, truths, strict=False) if yes)
        truths = evaluator.evaluate(self._middle)
        fired.extend(compress(self._middle_ids, truths))
        path = self._verdicts[truths.index(True)].path
        evaluator.see({PATH: path, CERTAINTY: certainty})
        fired.extend(compress(self._late_ids, evaluator.evaluate(self._late)))
        return Decided(path, frozenset(fired))

    def close(self) -> None:
        """Nothing is held."""
