"""Profiles with the answers they have to get, worked out beforehand by an engine."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path

from bench.people import requests
from rolefit.client import Answer
from rolefit.client.reading import read_answer
from rolefit.engine import Engine
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse


@dataclass(frozen=True)
class Case:
    """A profile and the one right answer to it by each rule set, decision id aside."""

    profile: CandidateProfile
    answers: dict[str, Answer]

    def matches(self, answer: Answer) -> bool:
        """Whether this is the right answer by the rule set that it names."""
        return replace(answer, decision_id="") == self.answers.get(answer.ruleset.digest)


def write(path: Path, count: int, *engines: Engine) -> None:
    """Writes that many cases to a file, for `read`."""
    rows = []
    for request in requests(count):
        profile = RecommendRequest.FromString(request).profile
        row = (profile, *(_answer(engine, profile) for engine in engines))
        rows.append([base64.b64encode(each.SerializeToString()).decode() for each in row])
    path.write_text(json.dumps(rows))


def _answer(engine: Engine, profile: CandidateProfile) -> RecommendResponse:
    rules = engine.ruleset
    ruleset = Ruleset(name=rules.name, version=rules.version, digest=rules.digest)
    return RecommendResponse(recommendation=engine.recommend(profile), ruleset=ruleset)


def read(path: Path) -> list[Case]:
    """The cases that `write` wrote."""
    cases = []
    for profile, *responses in json.loads(path.read_text()):
        read = (RecommendResponse.FromString(base64.b64decode(each)) for each in responses)
        answers = {each.ruleset.digest: read_answer(each) for each in read}
        cases.append(Case(CandidateProfile.FromString(base64.b64decode(profile)), answers))
    return cases
