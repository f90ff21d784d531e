"""A value seen before needs no second check, so none may be taken for seen that is not good."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from typing import Any, cast

import grpc
import pytest
from google.protobuf.message import Message

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.facts import write_fact
from rolefit.engine.vocabulary import Kind
from rolefit.server.call import Call
from rolefit.server.errors import CallError
from rolefit.server.recommendation_service import RecommendationService
from rolefit.server.snapshot import Snapshot, Snapshots
from rolefit.v1.path_pb2 import PATH_ML_ENGINEER
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation, Ruleset
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesRequest,
    CompareProfilesResponse,
    FindChangesRequest,
    PrepareRequest,
    RecommendRequest,
    RecommendResponse,
    View,
)
from tests.profiles import FIELDS, values

# Of each kind of field values that the contract refuses, though protobuf carries them.
UNKNOWN_NUMBER = 99


@pytest.fixture(scope="module")
def own_engine() -> Iterator[Engine]:
    with Engine(load_ruleset()) as engine:
        yield engine


@pytest.fixture(scope="module")
def service(own_engine: Engine) -> RecommendationService:
    """A service that has seen every good value there is to try."""
    service = service_of(own_engine)
    most = max(len(values(field)) for field in FIELDS.values())
    for i in range(most):
        profile = CandidateProfile()
        for path, field in FIELDS.items():
            good = values(field)
            write_fact(profile, path, cast(Any, good[i % len(good)]))
        recommend(service, profile)
    recommend(service, CandidateProfile())
    return service


def service_of(engine: Engine) -> RecommendationService:
    name = Ruleset(name="r", version="1", digest="sha256:0")
    snapshot = Snapshot(engine, cast(CatalogueMessages, None), name)
    return RecommendationService(Snapshots(snapshot))


def respond(service: RecommendationService, method: str, request: Message) -> bytes:
    call = Call(method, os.urandom(16).hex())
    return service.methods[method].respond(request.SerializeToString(), None, call)


def recommend(service: RecommendationService, profile: CandidateProfile) -> Recommendation:
    body = respond(service, "Recommend", RecommendRequest(profile=profile))
    return RecommendResponse.FromString(body).recommendation


def refused(service: RecommendationService, method: str, request: Message) -> str:
    with pytest.raises(CallError) as caught:
        respond(service, method, request)
    assert caught.value.code == grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.message


def set_raw(profile: CandidateProfile, path: str, value: object) -> None:
    """Sets a field to what the wire may bring, good or not."""
    *parents, name = path.split(".")
    message: Any = profile
    for parent in parents:
        message = getattr(message, parent)
    if isinstance(value, list):
        getattr(message, name).SetInParent()
        getattr(message, name).values[:] = value
    else:
        setattr(message, name, value)


def bad_values(path: str) -> Iterable[object]:
    field = FIELDS[path]
    if field.kind is Kind.CHOICE:
        return [UNKNOWN_NUMBER, -1]
    if field.kind is Kind.SET:
        return [[0], [UNKNOWN_NUMBER], [1, UNKNOWN_NUMBER], [1, 0]]
    if field.kind is Kind.TEXT:
        return ["", "us", "USA", "US\n"]
    if field.kind is Kind.NUMBER:
        beyond = [field.least - 1] if math.isfinite(field.least) else []
        beyond += [field.most + 1] if math.isfinite(field.most) else []
        if field.integral:
            return [int(number) for number in beyond]
        return [*beyond, math.nan, math.inf, -math.inf]
    return []


BAD = [(path, value) for path in FIELDS for value in bad_values(path)]


def test_there_are_bad_values_of_every_kind() -> None:
    kinds = {FIELDS[path].kind for path, _ in BAD}
    assert kinds == {*Kind} - {Kind.FLAG}


@pytest.mark.parametrize(("path", "value"), BAD)
def test_a_bad_value_is_refused_however_often_it_comes(
    service: RecommendationService, path: str, value: object
) -> None:
    """Also where every other value of the profile was seen before, and by whatever method."""
    profile = CandidateProfile()
    for each, field in FIELDS.items():
        write_fact(profile, each, cast(Any, values(field)[0]))
    recommend(service, profile)
    set_raw(profile, path, value)
    good = CandidateProfile()
    for _ in range(2):
        assert path in refused(service, "Recommend", RecommendRequest(profile=profile))
        for method, request in (
            ("Prepare", PrepareRequest(profile=profile)),
            ("CompareProfiles", CompareProfilesRequest(a=good, b=profile)),
            ("CompareProfiles", CompareProfilesRequest(a=profile, b=good)),
            (
                "FindChanges",
                FindChangesRequest(profile=profile, target_path=PATH_ML_ENGINEER),
            ),
        ):
            assert path in refused(service, method, request)


def test_a_known_profile_excuses_nothing_beside_it(service: RecommendationService) -> None:
    profile = CandidateProfile()
    recommend(service, profile)
    bad_view = RecommendRequest(profile=profile, view=cast(View.ValueType, UNKNOWN_NUMBER))
    assert "view" in refused(service, "Recommend", bad_view)
    assert "profile" in refused(service, "Recommend", RecommendRequest())
    for digest in ("of nothing", ""):
        named = RecommendRequest(profile=profile, ruleset_digest=digest)
        assert "digest" in refused(service, "Recommend", named)


def test_members_of_a_set_have_no_order_and_no_number(service: RecommendationService) -> None:
    answers = set()
    for members in ([1, 2, 3], [3, 1, 2], [2, 2, 1, 3, 3]):
        profile = CandidateProfile()
        set_raw(profile, "skills.areas", members)
        answers.add(recommend(service, profile).SerializeToString(deterministic=True))
    assert len(answers) == 1


def test_a_request_cannot_make_much_be_remembered(
    service: RecommendationService, own_engine: Engine
) -> None:
    """A set that repeats its members as often as a message has room for."""
    profile = CandidateProfile()
    set_raw(profile, "skills.areas", [1, 2])
    once = own_engine.observe(profile)
    set_raw(profile, "skills.areas", [1, 2] * 20_000)
    recommend(service, profile)
    often = own_engine.recall(profile)
    assert often == once


@pytest.mark.parametrize("zeros", [(0.0, -0.0), (-0.0, 0.0)])
def test_a_negative_zero_is_a_zero(zeros: tuple[float, float]) -> None:
    with Engine(load_ruleset()) as engine:
        service = service_of(engine)
        answers, compared = set(), set()
        for zero in zeros:
            profile = CandidateProfile()
            for path, field in FIELDS.items():
                write_fact(profile, path, cast(Any, values(field)[0]))
                if field.kind is Kind.NUMBER and not field.integral and field.least <= 0:
                    set_raw(profile, path, zero)
            request = RecommendRequest(profile=profile, view=View.VIEW_FULL)
            answer = RecommendResponse.FromString(respond(service, "Recommend", request))
            answers.add(answer.recommendation.SerializeToString(deterministic=True))
            beside = CompareProfilesRequest(a=profile, b=CandidateProfile())
            body = respond(service, "CompareProfiles", beside)
            comparison = CompareProfilesResponse.FromString(body).comparison
            compared.add(comparison.SerializeToString(deterministic=True))
        assert len(answers) == len(compared) == 1


def test_whole_numbers_are_the_same_as_doubles(service: RecommendationService) -> None:
    answers = []
    for number in (2, 2.0):
        profile = CandidateProfile()
        set_raw(profile, "engineering.years_software", number)
        answers.append(recommend(service, profile))
    assert answers[0] == answers[1]
