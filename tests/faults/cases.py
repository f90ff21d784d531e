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
    """A profile and the one right answer to it, decision id aside."""

    profile: CandidateProfile
    answer: Answer

    def matches(self, answer: Answer) -> bool:
        """Whether this is the right answer."""
        return replace(answer, decision_id="") == self.answer


def write(path: Path, engine: Engine, count: int) -> None:
    """Writes that many cases to a file, for `read`."""
    rules = engine.ruleset
    ruleset = Ruleset(name=rules.name, version=rules.version, digest=rules.digest)
    rows = []
    for request in requests(count):
        profile = RecommendRequest.FromString(request).profile
        response = RecommendResponse(recommendation=engine.recommend(profile), ruleset=ruleset)
        pair = (profile.SerializeToString(), response.SerializeToString())
        rows.append([base64.b64encode(each).decode() for each in pair])
    path.write_text(json.dumps(rows))


def read(path: Path) -> list[Case]:
    """The cases that `write` wrote."""
    cases = []
    for profile, response in json.loads(path.read_text()):
        answer = RecommendResponse.FromString(base64.b64decode(response))
        cases.append(
            Case(CandidateProfile.FromString(base64.b64decode(profile)), read_answer(answer))
        )
    return cases
