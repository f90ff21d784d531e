"""Decides what a decision log recorded once more, by other rules."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from rolefit.engine import Engine, InferenceError
from rolefit.engine.ruleset import Ruleset
from rolefit.server.decision_record import decode_facts
from rolefit.server.log_chain import RecordError
from rolefit.server.log_masking import NO_FACTS

Change = tuple[str, str]


class ReplayError(Exception):
    """A log cannot be replayed; `str()` names file and line."""


@dataclass
class Tally:
    """Decisions by what they were and what they become.

    Attributes:
        counts: How many, by old and new.
        examples: Ids of the first of them, where old and new differ.
    """

    counts: collections.Counter[Change] = field(default_factory=collections.Counter)
    examples: dict[Change, list[str]] = field(default_factory=dict)

    def add(self, change: Change, decision_id: str, most_examples: int) -> None:
        """Count a decision."""
        self.counts[change] += 1
        if change[0] != change[1]:
            named = self.examples.setdefault(change, [])
            if len(named) < most_examples:
                named.append(decision_id)

    @property
    def changed(self) -> int:
        """How many became something else."""
        return sum(n for (old, new), n in self.counts.items() if old != new)


@dataclass
class Replay:
    """What other rules say of recorded decisions.

    Attributes:
        digest: Digest of the other rules.
        recorded: Decisions by the digest of the rules that made them.
        paths: By path.
        certainties: By certainty, of the decisions that keep their path.
        not_replayable: Decisions whose facts are not all there, by why: "masked" or
            "left out".
    """

    digest: str
    recorded: collections.Counter[str] = field(default_factory=collections.Counter)
    paths: Tally = field(default_factory=Tally)
    certainties: Tally = field(default_factory=Tally)
    not_replayable: collections.Counter[str] = field(default_factory=collections.Counter)

    @property
    def changed(self) -> int:
        """How many decisions get another path."""
        return self.paths.changed


def replay_log(files: Iterable[Path], rules: Ruleset, most_examples: int = 5) -> Replay:
    """Decide again what was decided. The chain is not checked.

    Args:
        files: Of a decision log.
        rules: The other rules.
        most_examples: Decision ids named for each change.

    Raises:
        ReplayError: A line is no record of a decision log, or the rules fail on it.
        OSError: A file cannot be read.
    """
    found = Replay(rules.digest)
    with Engine(rules) as engine:
        for file in files:
            with file.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    try:
                        record = orjson.loads(line)
                        if not isinstance(record, dict):
                            raise RecordError("no record")
                        if "decision" in record:
                            _replay(found, engine, record["decision"], most_examples)
                    except (ValueError, RecordError, InferenceError) as error:
                        raise ReplayError(f"{file}:{number}: {error}") from None
                    except (KeyError, TypeError, AttributeError):
                        raise ReplayError(f"{file}:{number}: no record") from None
    return found


def _replay(found: Replay, engine: Engine, decision: dict[str, Any], most: int) -> None:
    found.recorded[decision["ruleset"]["digest"]] += 1
    if decision.get("facts_left_out"):
        found.not_replayable["left out"] += 1
        return
    if not NO_FACTS.issuperset(decision.get("masked", ())):
        found.not_replayable["masked"] += 1
        return
    path = decision["path"].removeprefix("PATH_")
    certainty = decision["certainty"].removeprefix("CERTAINTY_")
    verdict = engine.run(decode_facts(decision["facts"])).verdict
    found.paths.add((path, verdict.path), decision["decision_id"], most)
    if path == verdict.path:
        change = (certainty, verdict.certainty)
        found.certainties.add(change, decision["decision_id"], most)
