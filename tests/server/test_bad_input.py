"""What a real server answers to requests it must refuse."""

from __future__ import annotations

import math
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor

from rolefit.v1 import constraints_pb2, profile_pb2
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

from .calls import EMPTY, METHOD, bad_fields, code, reason, refusal, send
from .http2 import grpc_status
from .processes import ServerProcess

INVALID = grpc.StatusCode.INVALID_ARGUMENT


def profile(**fields: Any) -> bytes:
    return RecommendRequest(profile=CandidateProfile(**fields)).SerializeToString()


def motives(*values: Any) -> profile_pb2.MotiveSet:
    return profile_pb2.MotiveSet(values=values)


@pytest.mark.parametrize(
    ("message", "field", "description"),
    [
        (
            profile(skills=profile_pb2.Skills(model_depth=9)),
            "profile.skills.model_depth",
            "must be a rating from 1 to 5, was 9",
        ),
        (
            profile(compensation=profile_pb2.Compensation(equity_share=1.4)),
            "profile.compensation.equity_share",
            "must be a share from 0 to 1, was 1.4",
        ),
        (
            profile(compensation=profile_pb2.Compensation(equity_share=math.nan)),
            "profile.compensation.equity_share",
            "must be a share from 0 to 1, was NaN",
        ),
        (
            profile(engineering=profile_pb2.Engineering(years_software=-1)),
            "profile.engineering.years_software",
            "must be from 0 to 80, was -1",
        ),
        (
            profile(engineering=profile_pb2.Engineering(years_software=math.inf)),
            "profile.engineering.years_software",
            "must be from 0 to 80, was infinity",
        ),
        (
            profile(publications=profile_pb2.Publications(citations=-7)),
            "profile.publications.citations",
            "must be at least 0, was -7",
        ),
        (
            profile(target=profile_pb2.Target(country="Germany")),
            "profile.target.country",
            "must be two upper-case letters as in ISO 3166-1, such as US or DE, was 'Germany'",
        ),
        (
            profile(target=profile_pb2.Target(country="DE\n")),
            "profile.target.country",
            "must be two upper-case letters as in ISO 3166-1, such as US or DE, was 'DE\\n'",
        ),
        (
            profile(target=profile_pb2.Target(country="x" * 99)),
            "profile.target.country",
            "must be two upper-case letters as in ISO 3166-1, such as US or DE, was "
            f"'{'x' * 40}…'",
        ),
        (profile(level=99), "profile.level", "must be a known Level (0 to 5), was 99"),
        (
            profile(goals=profile_pb2.Goals(motives=motives(1, 0))),
            "profile.goals.motives.values[1]",
            "must be a known Motive (1 to 6), was MOTIVE_UNSPECIFIED",
        ),
        (
            profile(goals=profile_pb2.Goals(motives=motives(77))),
            "profile.goals.motives.values[0]",
            "must be a known Motive (1 to 6), was 77",
        ),
        (
            RecommendRequest(profile=CandidateProfile(), view=8).SerializeToString(),  # type: ignore[arg-type]
            "view",
            "must be a known View (0 to 3), was 8",
        ),
        (b"", "profile", "is required; it may be empty"),
    ],
)
def test_a_bad_field_is_named(
    opened: grpc.Channel, message: bytes, field: str, description: str
) -> None:
    error = refusal(opened, message)
    assert code(error) == INVALID
    assert reason(error) == "INVALID_FIELD"
    assert bad_fields(error) == {field: description}


def test_several_bad_fields_are_all_named(opened: grpc.Channel) -> None:
    message = profile(
        level=42,
        skills=profile_pb2.Skills(model_depth=0, eval_design=6, research_taste=5),
        target=profile_pb2.Target(country="de"),
    )
    error: Any = refusal(opened, message)
    assert list(bad_fields(error)) == [
        "profile.level",
        "profile.skills.model_depth",
        "profile.skills.eval_design",
        "profile.target.country",
    ]
    assert (
        error.details() == "profile.level must be a known Level (0 to 5), was 42 (and 3 more)"
    )


def test_the_worst_request_still_gets_every_scalar_field_named(opened: grpc.Channel) -> None:
    worst = CandidateProfile()
    paths = list(_spoil(worst, CandidateProfile.DESCRIPTOR, "profile"))
    error = refusal(opened, RecommendRequest(profile=worst).SerializeToString())
    assert len(paths) > 35
    assert set(paths) <= set(bad_fields(error))


def _spoil(message: Any, descriptor: Descriptor, path: str) -> list[str]:
    spoilt = []
    for field in descriptor.fields:
        here = f"{path}.{field.name}"
        limits = field.GetOptions().Extensions[constraints_pb2.constraint]
        if field.message_type is not None:
            spoilt += _spoil(getattr(message, field.name), field.message_type, here)
        elif field.is_repeated:
            getattr(message, field.name).extend([2**31 - 1] * 9)
            spoilt.append(here)
        elif field.enum_type is not None:
            setattr(message, field.name, 2**31 - 1)
            spoilt.append(here)
        elif limits.pattern:
            setattr(message, field.name, "\u2028" * 99)
            spoilt.append(here)
        elif limits.HasField("min"):
            setattr(message, field.name, -(2**31))
            spoilt.append(here)
    return spoilt


def test_fields_of_a_newer_contract_are_ignored(opened: grpc.Channel) -> None:
    newer = EMPTY + b"\xa2\x06\x03new"  # field 100
    assert send(opened, newer).HasField("recommendation")


@pytest.mark.parametrize(
    "message", [b"\xff\xff\xff\xff", b"garbage", EMPTY + b"\x0a\x7f", profile(level=2)[:-1]]
)
def test_bytes_that_are_no_message(opened: grpc.Channel, message: bytes) -> None:
    error = refusal(opened, message)
    assert code(error) == INVALID
    assert reason(error) == "MALFORMED_MESSAGE"


def test_text_that_is_not_utf8(opened: grpc.Channel) -> None:
    good = profile(target=profile_pb2.Target(country="QQ"))
    error = refusal(opened, good.replace(b"QQ", b"\xff\xff"))
    assert reason(error) == "MALFORMED_MESSAGE"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 3),
        (b"\x00\x00", 3),
        (b"\x00\x00\x00\x00\x64abc", 3),
        (b"\x00\x00\x00\x00\x03\xff\xff\xff", 3),
        (b"\x00\x7f\xff\xff\xffabc", 8),
        (b"\x00\x00\x00\x00\x02\x0a\x00", 0),
    ],
    ids=["no message", "half a prefix", "half a message", "garbage", "huge length", "good"],
)
def test_a_body_cut_off_gets_a_status(server: ServerProcess, body: bytes, status: int) -> None:
    assert grpc_status(server.port, METHOD, body) == status


def test_a_deadline_that_passes_before_the_message_arrives(server: ServerProcess) -> None:
    headers = (("grpc-timeout", "1m"),)
    assert grpc_status(server.port, METHOD, b"\x00", headers, end=False) == 4


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_that_is_too_large(
    opened: grpc.Channel, compression: grpc.Compression
) -> None:
    error = refusal(opened, bytes(10 * 2**20), compression=compression)
    assert code(error) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert send(opened, EMPTY).HasField("recommendation")


def test_a_method_that_is_not_there(opened: grpc.Channel) -> None:
    call: Any = opened.unary_unary("/rolefit.v1.RecommendationService/Guess")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", timeout=20)
    assert code(caught.value) == grpc.StatusCode.UNIMPLEMENTED


def test_an_empty_profile_is_answered(opened: grpc.Channel) -> None:
    first, second = send(opened, EMPTY), send(opened, EMPTY)
    assert first.recommendation == second.recommendation
    assert first.ruleset.digest.startswith("sha256:")
    assert len(first.decision_id) == len(second.decision_id) == 32
    assert first.decision_id != second.decision_id
