"""Reads profile files: YAML or JSON, without YAML's surprises."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from rolefit.client.field_value import UnfitError
from rolefit.client.profile import from_json

STDIN = "-"

# Far more than every field of a profile takes; reading YAML of this size takes seconds.
_MOST_BYTES = 2**20


class UnreadableProfileError(Exception):
    """A profile file that cannot be read; the text names the file and, if known, the line."""


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML in which words stay words, as in the core schema of YAML 1.2.

    The YAML 1.1 that PyYAML speaks reads `country: NO` (Norway) as false, 010 as eight and
    a day as a date. Tags that would make objects or run code are refused, as SafeLoader
    does, and so is a name that comes twice: the first would vanish without a word.
    """

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - the way PyYAML is extended

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"{key.value!r} is given twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_decimal(self, node: yaml.ScalarNode) -> int:
        return int(node.value)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    _starts = [*_first, ""] if _tag == "null" else list(_first)
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _starts
    )
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_decimal)


def read_profile_file(name: str) -> str | object:
    """Read a profile file for `parse_profile`.

    Args:
        name: Path of a YAML or JSON file, or ``-`` for standard input.

    Returns:
        JSON text as it is, so that the parser sees what JSON alone can tell, or the value
        of a YAML document.

    Raises:
        UnreadableProfileError: It is missing, no text, no YAML, empty, or not a mapping.

    """
    shown = "standard input" if name == STDIN else name or "''"
    try:
        content = _content(name)
        if len(content) > _MOST_BYTES:
            raise UnreadableProfileError(f"{shown}: larger than a profile can be (1 MiB)")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableProfileError(f"{shown}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UnreadableProfileError(f"{shown}: not text in UTF-8: {error.reason}") from None
    if name.endswith(".json"):
        try:
            from_json(text)
        except UnfitError as unfit:
            raise UnreadableProfileError(f"{shown}: {unfit}") from None
        return text
    if _is_json_object(text):
        return text
    value = read_yaml(text, shown)
    if isinstance(value, str):
        # Else the parser would take it for JSON text.
        raise UnreadableProfileError(
            f"{shown}: a profile is written as names with values, such as level: SENIOR"
        )
    return value


def _content(name: str) -> bytes:
    """Read a file, but no more of it than tells that it is too large."""
    if name == STDIN:
        return sys.stdin.buffer.read(_MOST_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def read_yaml(text: str, shown: str) -> object:
    """Read one YAML document.

    Args:
        text: The document.
        shown: What to call it in an error.

    Raises:
        UnreadableProfileError: It is no YAML, has tags that are refused, or is empty.

    """
    try:
        value = yaml.load(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = error.problem or error.context or "not valid YAML"
        if problem.startswith("but ") and error.context:
            problem = f"{error.context}, {problem}"
        raise UnreadableProfileError(f"{shown}{where}: {problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UnreadableProfileError(f"{shown}: not valid YAML: {reason}") from None
    if value is None:
        raise UnreadableProfileError(f"{shown} is empty; an empty profile is written {{}}")
    return value


def _is_json_object(text: str) -> bool:
    """Tell JSON from YAML, which may begin with a brace too."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
