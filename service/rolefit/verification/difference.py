"""What two rule sets answer differently, proven over every profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import z3

from rolefit.engine.facts import Facts
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import ALL_PATHS, Ruleset
from rolefit.verification.certainty import certainty_limits
from rolefit.verification.smt import Formula, SmtRules, variables_of
from rolefit.verification.witness import confirmed, observe


@dataclass(frozen=True)
class Move:
    """Profiles for which the path changes, with one of them; confirmed by both engines."""

    old: str
    new: str
    profile: Facts


@dataclass(frozen=True)
class FindingChange:
    """A finding code that one rule set gives to a profile and the other does not."""

    code: str
    gained: bool
    profile: Facts


@dataclass(frozen=True)
class Difference:
    """How two rule sets differ.

    Attributes:
        moves: Changes of path, one for each pair of paths between which some profile moves.
        findings: Finding codes that some profile gains or loses.
        open: What the solver could not decide in time, in words.
    """

    moves: tuple[Move, ...]
    findings: tuple[FindingChange, ...]
    open: tuple[str, ...]

    @property
    def equivalent(self) -> bool:
        """True if it is proven that every profile keeps its path and its finding codes."""
        return not (self.moves or self.findings or self.open)


def difference(old: Ruleset, new: Ruleset, seconds_each: float = 60.0) -> Difference:
    """Compares two rule sets over every valid profile.

    Args:
        old: A checked rule set.
        new: Another one.
        seconds_each: Longest time for one question to the solver.

    Raises:
        WitnessError: An engine does not confirm what the solver found.
    """
    with Engine(old) as old_engine, Engine(new) as new_engine:
        return _Comparison(old, new, (old_engine, new_engine), seconds_each).difference()


class _Comparison:
    def __init__(
        self, old: Ruleset, new: Ruleset, engines: tuple[Engine, Engine], seconds_each: float
    ):
        variables = variables_of([old, new])
        self._old, self._new = SmtRules(old, variables), SmtRules(new, variables, "'")
        self._codes = tuple(dict.fromkeys((*old.codes, *new.codes)))
        self._engines = engines
        self._solver = z3.Solver()
        self._solver.set("timeout", int(seconds_each * 1000))
        self._solver.add(*self._old.limits, *self._new.limits)
        for rules, engine in zip((self._old, self._new), engines, strict=True):
            self._solver.add(*certainty_limits(rules, engine.space))
        self._open: list[str] = []

    def difference(self) -> Difference:
        moves, findings = tuple(self._moves()), tuple(self._findings())
        return Difference(moves, findings, tuple(self._open))

    def _moves(self) -> Iterator[Move]:
        if self._model(self._old.path != self._new.path, "whether any path changes") is None:
            return
        for old in ALL_PATHS:
            for new in ALL_PATHS:
                if old == new:
                    continue
                formula = z3.And(self._old.path_is(old), self._new.path_is(new))
                model = self._model(formula, f"whether a path changes from {old} to {new}")
                if model is not None:
                    facts = self._old.facts(model)
                    yield Move(old, new, self._smallest_move(facts, (old, new)))

    def _smallest_move(self, facts: Facts, move: tuple[str, str]) -> Facts:
        what = f"a change from {move[0]} to {move[1]}"
        return confirmed(facts, lambda each: self._paths(each) == move, what)

    def _findings(self) -> Iterator[FindingChange]:
        nothing = z3.BoolVal(False)
        for code in self._codes:
            before = self._old.findings.get(code, nothing)
            after = self._new.findings.get(code, nothing)
            for gained in (True, False):
                formula = z3.And(before != after, after if gained else before)
                facts = self._changed(formula, code, gained)
                if facts is not None:
                    yield FindingChange(code, gained, facts)

    def _changed(self, formula: Formula, code: str, gained: bool) -> Facts | None:
        """A profile that gains or loses a code, as small as that takes."""
        what = f"whether {code} is {'gained' if gained else 'lost'}"

        def shown(facts: Facts) -> bool:
            return self._finds(facts, code) == (not gained, gained)

        model = self._model(formula, what)
        return None if model is None else confirmed(self._old.facts(model), shown, what)

    def _model(self, formula: Formula, what: str) -> Any | None:
        self._solver.push()
        try:
            self._solver.add(formula)
            answer = self._solver.check()
            if answer == z3.unknown:
                self._open.append(what)
            return self._solver.model() if answer == z3.sat else None
        finally:
            self._solver.pop()

    def _paths(self, facts: Facts) -> tuple[str, str]:
        old, new = (engine.run(facts).verdict.path for engine in self._engines)
        return old, new

    def _finds(self, facts: Facts, code: str) -> tuple[bool, bool]:
        old, new = (code in observe(engine, facts).findings for engine in self._engines)
        return old, new
