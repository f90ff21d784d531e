"""Writes a condition back as lines of the rule language."""

from __future__ import annotations

import textwrap

from rolefit.engine.conditions import All, Condition, Not, Test


def condition_text(condition: Condition) -> str:
    """The condition, one test per line, its parts indented below "all of", "any of", "not".

    Thresholds appear as the numbers they stand for.
    """
    if isinstance(condition, Test):
        return _test_text(condition)
    if isinstance(condition, Not):
        return f"not\n{indented(condition_text(condition.part))}"
    if not condition.parts:
        return "always" if isinstance(condition, All) else "never"
    parts = [condition_text(part) for part in condition.parts]
    if len(parts) == 1:
        return parts[0]
    word = "all of" if isinstance(condition, All) else "any of"
    return "\n".join((word, *map(indented, parts)))


def indented(lines: str) -> str:
    """The lines as part of something."""
    return textwrap.indent(lines, "  ")


def _test_text(test: Test) -> str:
    operand = test.operand
    if isinstance(operand, bool):
        words = "true" if operand else "false"
    elif isinstance(operand, tuple):
        words = " or ".join(operand)
    else:
        words = str(operand)
    return f"{test.subject} {test.op} {words}".rstrip()
