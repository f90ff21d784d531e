"""Says of any bytes what a server has to answer, and what is wrong with what it did answer.

Valid profiles are decided by the reference evaluator, invalid ones by the contract check;
neither shares code with what serves.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import DecodeError, Message

from rolefit.engine import Engine
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_pb2 import Certainty, Recommendation, Ternary
from rolefit.v1.recommendation_service_pb2 import (
    VIEW_FULL,
    CompareProfilesRequest,
    FindChangesRequest,
    PrepareRequest,
    RecommendRequest,
    RecommendResponse,
)
from tests.engine.reference_evaluator import evaluate
from tests.profiles import fill

from .contract_check import bad_fields, facts_of

OK, INVALID = "OK", "INVALID_ARGUMENT"
_OURS = ("UNKNOWN", "INTERNAL")
_MALFORMED, _BAD_FIELD = "MALFORMED_MESSAGE", "INVALID_FIELD"
_WITH_PROFILES = (PrepareRequest, CompareProfilesRequest, FindChangesRequest)


@dataclass(frozen=True)
class Outcome:
    """How a call ended.

    Attributes:
        code: Name of the status.
        reason: The reason in its ErrorInfo; empty if it has none.
        fields: The fields named in its BadRequest.
        body: The serialised response, if there is one.
    """

    code: str
    reason: str = ""
    fields: tuple[str, ...] = ()
    body: bytes = b""


class Oracle:
    """Judges outcomes.

    Attributes:
        counts: Messages seen so far by kind: valid, invalid and malformed, and of other
            methods by their status.
    """

    def __init__(self, engine: Engine) -> None:
        self._ruleset = engine.ruleset
        self._prepared = {rule.id for rule in (*self._ruleset.rounds, *self._ruleset.items)}
        self.counts: Counter[str] = Counter()

    def complaints(self, message: bytes, outcome: Outcome) -> list[str]:
        """What is wrong with how Recommend answered `message`; empty if nothing is."""
        try:
            request = RecommendRequest.FromString(message)
        except DecodeError:
            self.counts["malformed"] += 1
            return _differences((outcome.code, outcome.reason), (INVALID, _MALFORMED))
        bad = list(bad_fields(request))
        if not request.HasField("profile"):
            bad.append("profile")
        if bad:
            self.counts["invalid"] += 1
            wrong = _differences((outcome.code, outcome.reason), (INVALID, _BAD_FIELD))
            return wrong + list(_misnamed(outcome.fields, bad))
        self.counts["valid"] += 1
        if outcome.code != OK:
            return [f"a valid profile was answered {outcome.code}"]
        return list(self._wrong(request, RecommendResponse.FromString(outcome.body)))

    def complaints_of_other(
        self, request: type[Message], message: bytes, outcome: Outcome
    ) -> list[str]:
        """What is wrong with how another method answered: what is no such request, or breaks
        a limit, has to be refused, and no status may say that the server failed."""
        self.counts[f"other methods: {outcome.code}"] += 1
        try:
            parsed = request.FromString(message)
        except DecodeError:
            return _differences((outcome.code, outcome.reason), (INVALID, _MALFORMED))
        if request in _WITH_PROFILES and any(bad_fields(parsed)):
            return _differences((outcome.code, outcome.reason), (INVALID, _BAD_FIELD))
        if outcome.code in _OURS:
            return [f"the status is {outcome.code}"]
        if outcome.reason == _MALFORMED:
            return ["a message that parses was called malformed"]
        return []

    def _wrong(self, request: RecommendRequest, response: RecommendResponse) -> Iterator[str]:
        answer = response.recommendation
        certainty = Certainty.Name(answer.certainty).removeprefix("CERTAINTY_")
        facts = facts_of(request.profile)
        reference = evaluate(self._ruleset, facts, certainty)
        path = _short(answer.path)
        if path != reference.path:
            yield f"the path is {path}, the reference says {reference.path}"
        if (certainty == "UNDETERMINED") != (path == "UNDETERMINED"):
            yield f"certainty is {certainty} for {path}"
        possible = [_short(each) for each in answer.possible_paths]
        if certainty == "CERTAIN" and possible != [path]:
            yield f"certain, but possible are {possible}"
        complete = fill(facts, zlib.crc32(request.SerializeToString()))
        turned = evaluate(self._ruleset, complete, certainty).path
        if turned not in possible:
            yield f"a filling leads to {turned}, and possible are only {possible}"
        if request.view == VIEW_FULL:
            yield from self._wrong_trace(answer, reference.signals, reference.fired)

    def _wrong_trace(
        self, answer: Recommendation, signals: dict[str, str], fired: frozenset[str]
    ) -> Iterator[str]:
        seen = {
            each.name: Ternary.Name(each.value).removeprefix("TERNARY_")
            for each in answer.trace.signals
        }
        if seen != signals:
            differing = {n for n in signals if signals[n] != seen.get(n)}
            yield f"signals differ from the reference: {sorted(differing)}"
        other = set(answer.trace.rules_fired) ^ fired
        if other - self._prepared:
            yield f"rules fired differ from the reference: {sorted(other)}"


def _short(path: Path.ValueType) -> str:
    return Path.Name(path).removeprefix("PATH_")


def _differences(seen: object, wanted: object) -> list[str]:
    return [] if seen == wanted else [f"was answered {seen}, not {wanted}"]


def _misnamed(named: tuple[str, ...], bad: list[str]) -> Iterator[str]:
    """Fields named without fault, and whether the first bad one is named.

    A long row of bad members is summed up under the name of its set, and a long list ends
    where headers would grow too large: not every bad field has to be named.
    """
    sets = {each.rpartition("[")[0] for each in bad}
    innocent = [each for each in named if each not in bad and each not in sets]
    if innocent:
        yield f"fields named without fault: {innocent}"
    if not named:
        yield "no bad field is named"
