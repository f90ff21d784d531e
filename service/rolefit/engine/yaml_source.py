"""Reads YAML into values that know their line.

Only the plain subset of YAML that a rules folder needs is accepted: mappings, lists and
scalars without tags, anchors or merge keys. Nothing is ever constructed from a tag, so a
file cannot run code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from rolefit.engine.errors import Problem, RulesetError

_SCALAR_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "value")
}
# The C loader reads the same language some ten times faster; it may be absent.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Value:
    """A YAML node: a scalar (`text`), a list (`items`) or a mapping (`entries`).

    Scalars stay text, so that `NO` is never taken for false; the reader of a value says
    which type it expects.
    """

    file: str
    line: int
    text: str | None = None
    items: tuple[Value, ...] | None = None
    entries: dict[str, Value] | None = None

    def error(self, message: str) -> RulesetError:
        """An error that points at this value."""
        return RulesetError([Problem(self.file, self.line, message)])

    def as_text(self, what: str) -> str:
        """The scalar's text.

        Raises:
            RulesetError: It is no scalar, or it is empty.
        """
        if not self.text:
            raise self.error(f"{what} must be text")
        return self.text

    def as_flag(self, what: str) -> bool:
        """True for `true`, False for `false`.

        Raises:
            RulesetError: It is anything else.
        """
        if self.text not in ("true", "false"):
            raise self.error(f"{what} must be true or false")
        return self.text == "true"

    def as_number(self, what: str) -> int | float:
        """The scalar as an int where it is written as one, else as a float.

        Raises:
            RulesetError: It is no finite number.
        """
        number = parse_number(self.text or "")
        if number is None:
            raise self.error(f"{what} must be a number")
        return number

    def as_whole_number(self, what: str) -> int:
        """The scalar as an int.

        Raises:
            RulesetError: It is no whole number.
        """
        number = self.as_number(what)
        if not isinstance(number, int):
            raise self.error(f"{what} must be a whole number")
        return number

    def as_list(self, what: str) -> tuple[Value, ...]:
        """The list's items.

        Raises:
            RulesetError: It is no list.
        """
        if self.items is None:
            raise self.error(f"{what} must be a list")
        return self.items

    def as_mapping(
        self, what: str, *, required: Iterable[str] = (), optional: Iterable[str] | None = ()
    ) -> dict[str, Value]:
        """The mapping's entries, their keys checked; `optional=None` allows any key.

        Raises:
            RulesetError: It is no mapping, lacks a required key or has an unknown one.
        """
        if self.entries is None:
            raise self.error(f"{what} must be a mapping")
        problems = []
        required = list(required)
        for key in required:
            if key not in self.entries:
                problems.append(Problem(self.file, self.line, f"{what} lacks '{key}'"))
        if optional is not None:
            valid = [*required, *optional]
            for key, value in self.entries.items():
                if key not in valid:
                    message = f"{what} has no '{key}'{suggest(key, valid)}"
                    problems.append(Problem(value.file, value.line, message))
        if problems:
            raise RulesetError(problems)
        return self.entries


def parse_number(text: str) -> int | float | None:
    """The finite number that a text spells, or None."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number - number == 0 else None


def suggest(wrong: str, valid: Iterable[str]) -> str:
    """A tail for an error: the nearest valid name, or the whole list if it is short."""
    names = sorted(valid)
    near = difflib.get_close_matches(wrong, names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; valid: {', '.join(names)}" if 0 < len(names) <= 20 else ""


def read_yaml(text: str, file: str) -> Value:
    """Parses one file.

    Raises:
        RulesetError: The text is no YAML of the plain subset; it names file and line.
    """
    try:
        node = yaml.compose(text, Loader=_LOADER)
        if node is None:
            raise RulesetError([Problem(file, 0, "the file is empty")])
        return _convert(node, file, set())
    except RecursionError:
        raise RulesetError([Problem(file, 0, "not valid YAML: nested too deeply")]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise RulesetError([Problem(file, line, f"not valid YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise RulesetError([Problem(file, 0, f"not valid YAML: {error}")]) from None


def _convert(node: yaml.Node, file: str, seen: set[int]) -> Value:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise RulesetError([Problem(file, line, "YAML aliases are not allowed here")])
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag not in _SCALAR_TAGS:
            raise _tag_error(node, file)
        return Value(file, line, text=node.value)
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return Value(file, line, items=tuple(_convert(item, file, seen) for item in node.value))
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return Value(file, line, entries=dict(_convert_entries(node, file, seen)))
    raise _tag_error(node, file)


def _convert_entries(
    node: yaml.MappingNode, file: str, seen: set[int]
) -> Iterator[tuple[str, Value]]:
    keys = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
            raise RulesetError([Problem(file, line, "a key must be plain text")])
        if key.value in keys:
            raise RulesetError([Problem(file, line, f"the key '{key.value}' stands twice")])
        keys.add(key.value)
        yield key.value, _convert(value, file, seen)


def _tag_error(node: yaml.Node, file: str) -> RulesetError:
    line = node.start_mark.line + 1
    message = f"the YAML tag {node.tag} is not allowed; use plain values"
    return RulesetError([Problem(file, line, message)])
