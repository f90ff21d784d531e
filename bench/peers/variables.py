"""Facts as the flat variables that formulas are about."""

from __future__ import annotations

from collections.abc import Mapping

from bench.peers.formulas import (
    NO,
    UNKNOWN,
    YES,
    Formulas,
    Scalar,
    Variables,
    is_real,
    variable_name,
)
from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Field


class Reader:
    """Writes facts as variables."""

    def __init__(self, formulas: Formulas, fields: Mapping[str, Field]):
        self._unknown = formulas.unknown
        self._groups = formulas.groups
        # Path to variable, for the fields that are one variable each.
        self._plain: dict[str, str] = {}
        self._real: dict[str, str] = {}
        for path, field in fields.items():
            name = variable_name(path)
            if name in formulas.unknown:
                (self._real if is_real(field) else self._plain)[path] = name

    def read(self, facts: Facts) -> Variables:
        """Every variable of the fields with its value."""
        variables = self._unknown.copy()
        plain, real = self._plain, self._real
        for path, value in facts.items():
            if isinstance(value, frozenset):
                self._read_set(path, value, variables)
            elif (name := plain.get(path)) is not None:
                # A flag is written as the number it equals.
                variables[name] = int(value) if isinstance(value, bool) else value
            elif (name := real.get(path)) is not None:
                variables[name] = float(value)
        return variables

    def _read_set(self, path: str, value: frozenset[str], variables: Variables) -> None:
        for name, members in self._groups.get(path, {}).items():
            variables[name] = NO if value.isdisjoint(members) else YES
        empty = variable_name(path, "empty")
        if empty in variables:
            variables[empty] = NO if value else YES


def signal_value(yes: object, no: object) -> Scalar:
    """The value of a signal's variable, from whether its rule says yes and says no."""
    return UNKNOWN if bool(yes) is bool(no) else YES if yes else NO
