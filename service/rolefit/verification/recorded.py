"""What two rule sets answer differently to recorded profiles."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from rolefit.engine.errors import RulesetError
from rolefit.engine.facts import read_facts
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.yaml_source import read_yaml
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.verification.profile_source import read_profile


class RecordError(Exception):
    """A recorded profile that cannot be read; the message names the line."""


@dataclass(frozen=True)
class Recorded:
    """Recorded profiles by the old and the new path: the numbers of their lines, from 1."""

    lines: dict[tuple[str, str], tuple[int, ...]]


def read_records(lines: Iterable[str]) -> Iterator[tuple[int, CandidateProfile]]:
    """Profiles from JSON lines, each a profile or an object with one under "profile".

    A profile is proto JSON, or has the short names of values and plain lists for sets, as
    people write it.

    Raises:
        RecordError: A line is no such thing.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            if isinstance(data, dict) and "profile" in data:
                data = data["profile"]
            if not isinstance(data, dict):
                raise RecordError(f"line {number}: it is no JSON object")
            profile = _profile(data)
        except (ValueError, TypeError, json_format.ParseError) as error:
            raise RecordError(f"line {number}: {error}") from None
        yield number, profile


def _profile(data: dict[str, Any]) -> CandidateProfile:
    try:
        return json_format.ParseDict(data, CandidateProfile())
    except json_format.ParseError as error:
        try:
            return read_profile(read_yaml(json.dumps(data), "profile"))
        except RulesetError:
            raise error from None


def recorded_difference(
    old: Ruleset, new: Ruleset, records: Iterable[tuple[int, CandidateProfile]]
) -> Recorded:
    """What both rule sets answer to recorded profiles."""
    lines: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    with Engine(old) as old_engine, Engine(new) as new_engine:
        for number, profile in records:
            facts = read_facts(profile)
            paths = (old_engine.run(facts).verdict.path, new_engine.run(facts).verdict.path)
            lines[paths].append(number)
    return Recorded({paths: tuple(numbers) for paths, numbers in sorted(lines.items())})
