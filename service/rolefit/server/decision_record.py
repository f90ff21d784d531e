"""What a decision log holds of a decision: from `Decision` to JSON, and back to facts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from rolefit.engine.facts import Facts, read_facts, write_fact
from rolefit.engine.vocabulary import Kind, contract_fields
from rolefit.server.config import FactsLogged
from rolefit.server.log_chain import RecordError
from rolefit.server.log_masking import CALLER, RULES_FIRED, Masking, MaskingError
from rolefit.v1.profile_pb2 import CandidateProfile

if TYPE_CHECKING:  # who only reads records needs no grpc
    from rolefit.server.snapshot import Decision, Snapshot

_MOST_MICROSECONDS = 2**32 - 1
_FIELDS = contract_fields()


class DecisionForm:
    """How decisions are recorded: a `RecordedDecision` as canonical JSON.

    Args:
        facts: What of the facts.
        masking: What else is masked.
        key: For the hash of all facts.

    Raises:
        MaskingError: The key is missing.
    """

    def __init__(
        self,
        facts: FactsLogged = FactsLogged.FULL,
        masking: Masking | None = None,
        key: bytes | None = None,
    ) -> None:
        if facts is FactsLogged.HASH and key is None:
            raise MaskingError("--decision-log-facts hash needs --decision-log-key")
        self._facts = facts
        self._masking = masking or Masking()
        self._hashing = Masking(key=key)
        self._described: tuple[Snapshot, dict[str, str]] | None = None

    def encode(self, decision: Decision) -> bytes:
        """Return the entry for a decision that is being made."""
        call, answer = decision.call, decision.answer
        values: dict[str, Any] = {RULES_FIRED: answer.rules_fired}
        if call.caller:
            values[CALLER] = call.caller
        entry: dict[str, Any] = {
            "decision_id": call.id,
            "ruleset": self._ruleset(decision.snapshot),
            "path": f"PATH_{answer.path}",
            "certainty": f"CERTAINTY_{answer.certainty}",
            "latency_us": _microseconds_since(call.began),
        }
        if self._facts is FactsLogged.FULL:
            facts = encode_facts(answer.facts)
            if self._masking.paths:
                masks = {**self._masking.apply(facts), **self._masking.apply(values)}
                entry["masked"] = masks
            entry["facts"] = facts
        else:
            entry["facts_left_out"] = True
            if self._facts is FactsLogged.HASH:
                entry["facts_hash"] = self._hashing.hash("", encode_facts(answer.facts))
            if self._masking.paths:
                entry["masked"] = self._masking.apply(values)
        entry.update(values)
        return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)

    def _ruleset(self, snapshot: Snapshot) -> dict[str, str]:
        if self._described is None or self._described[0] is not snapshot:
            ruleset = snapshot.ruleset
            described = {
                "name": ruleset.name,
                "version": ruleset.version,
                "digest": ruleset.digest,
            }
            self._described = snapshot, described
        return self._described[1]


def encode_facts(facts: Facts) -> dict[str, Any]:
    """Return facts as JSON values: sets as sorted lists, whole numbers without a fraction."""
    return {
        path: value if type(value) in _PLAIN else _encoded(value)
        for path, value in facts.items()
    }


def decode_facts(values: Mapping[str, Any]) -> Facts:
    """Read what `encode_facts` wrote.

    Raises:
        RecordError: Some field is none of the contract's, or has a value it cannot have.
    """
    profile = CandidateProfile()
    for path, value in values.items():
        field = _FIELDS.get(path)
        if field is None:
            raise RecordError(f"the profile has no field '{path}'")
        tokens = value if field.kind is Kind.SET else [value]
        choices = field.kind in (Kind.SET, Kind.CHOICE)
        if not isinstance(tokens, list) or (
            choices and any(token not in field.values for token in tokens)
        ):
            raise RecordError(f"{path} cannot be {value!r}")
        try:
            write_fact(profile, path, frozenset(value) if field.kind is Kind.SET else value)
        except (TypeError, ValueError):
            raise RecordError(f"{path} cannot be {value!r}") from None
    return read_facts(profile)


_PLAIN = frozenset((bool, int, str))


def _encoded(value: object) -> object:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    assert isinstance(value, frozenset)
    return sorted(value)


def _microseconds_since(began: float) -> int:
    microseconds = int((time.perf_counter() - began) * 1e6)
    return max(0, min(microseconds, _MOST_MICROSECONDS))
