"""What every client does, whether it blocks or awaits. The client classes only add that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from rolefit.client.bearer_token import Token, check_token_is_safe, token_header
from rolefit.client.change_limits import goal_number
from rolefit.client.enum_names import number_of
from rolefit.client.errors import RolefitError
from rolefit.client.failure import CATALOGUE, RECOMMENDATION, error_from
from rolefit.client.lookup import Lookup
from rolefit.client.options import DEFAULT_SERVER, RetryPolicy, TlsConfig, checked_timeout
from rolefit.client.vocabulary import Path
from rolefit.v1 import path_pb2
from rolefit.v1.change_pb2 import ChangeLimits
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesRequest,
    CompareProfilesResponse,
    FindChangesRequest,
    FindChangesResponse,
    PrepareRequest,
    PrepareResponse,
    RecommendRequest,
    RecommendResponse,
    View,
)

if TYPE_CHECKING:
    from rolefit.client.answer import Answer
    from rolefit.client.change import Changes
    from rolefit.client.comparison import ProfileComparison
    from rolefit.client.preparation import PreparationPack

_T = TypeVar("_T")
Profile = Mapping[str, object] | str | CandidateProfile

# CANCELLED as well as UNAVAILABLE: a server that shuts down cancels the calls it has
# accepted and not begun, before it tells its clients to go elsewhere.
_RETRYABLE = ("UNAVAILABLE", "CANCELLED")

# Waits before a lost connection is made again. gRPC begins with a second, in which all attempts
# of a call may fail at once, and goes on to two minutes, in which a server that is back is not
# found.
_FIRST_RECONNECT_MS = 100
_LAST_RECONNECT_MS = 5_000

_VIEWS = tuple(name.removeprefix("VIEW_") for name in View.keys()[1:])


@dataclass(frozen=True, slots=True)
class Call(Generic[_T]):
    """One call, ready to be made: the method, what goes out, how to read what comes back."""

    service: str
    method: str
    request: Message
    read: Callable[[Any], _T]
    timeout: float
    metadata: tuple[tuple[str, str | bytes], ...]
    wait_for_ready: bool


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Where to call, how, and how to read what comes back."""

    target: str
    timeout: float
    retry: RetryPolicy
    wait_for_ready: bool
    tls: TlsConfig | None
    metadata: tuple[tuple[str, str | bytes], ...]
    max_message_bytes: int
    token: Token | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.target, str) or not self.target.strip():
            raise ValueError(
                f"target must be an address, such as {DEFAULT_SERVER}, not {self.target!r}"
            )
        if self.token is not None:
            check_token_is_safe(self.target, self.tls)
        checked_timeout(self.timeout)
        if self.max_message_bytes < 1:
            raise ValueError(
                f"max_message_bytes must be positive, not {self.max_message_bytes}"
            )

    def channel_options(self) -> list[tuple[str, str | int]]:
        """List the options that a channel of either kind is opened with."""
        return [
            ("grpc.service_config", json.dumps(self._service_config())),
            ("grpc.max_receive_message_length", self.max_message_bytes),
            ("grpc.max_send_message_length", self.max_message_bytes),
            ("grpc.initial_reconnect_backoff_ms", _FIRST_RECONNECT_MS),
            ("grpc.max_reconnect_backoff_ms", _LAST_RECONNECT_MS),
        ]

    def _service_config(self) -> dict[str, Any]:
        # No `timeout` here: as part of a service config it fires up to two seconds early.
        # Deadlines go with each call.
        services = (RECOMMENDATION, CATALOGUE)
        method: dict[str, Any] = {"name": [{"service": name} for name in services]}
        if self.retry.max_attempts > 1:
            method["retryPolicy"] = {
                "maxAttempts": self.retry.max_attempts,
                "initialBackoff": _duration(self.retry.initial_backoff),
                "maxBackoff": _duration(self.retry.max_backoff),
                "backoffMultiplier": self.retry.multiplier,
                "retryableStatusCodes": list(_RETRYABLE),
            }
        return {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [method]}

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Make the credentials of a channel, or None for plaintext."""
        if self.tls is None:
            return None
        return grpc.ssl_channel_credentials(
            self.tls.root_certificates, self.tls.private_key, self.tls.certificate_chain
        )

    def recommend(
        self, profile: Profile, view: str, ruleset_digest: str | None, timeout: float | None
    ) -> Call[Answer]:
        """Build a call of Recommend; see `Client.recommend` for what it takes and raises."""
        number = _view_number(view)
        request = RecommendRequest(
            profile=_parsed(profile), view=number, ruleset_digest=ruleset_digest
        )
        return self._call("Recommend", request, _read_answer, timeout)

    def prepare(
        self,
        profile: Profile,
        paths: Sequence[Path | str],
        ruleset_digest: str | None,
        timeout: float | None,
    ) -> Call[PreparationPack]:
        """Build a call of Prepare; see `Client.prepare` for what it takes and raises."""
        numbers = _path_numbers(paths)
        request = PrepareRequest(
            profile=_parsed(profile), paths=numbers, ruleset_digest=ruleset_digest
        )
        return self._call("Prepare", request, _read_pack, timeout)

    def compare(
        self,
        a: Profile,
        b: Profile,
        view: str,
        ruleset_digest: str | None,
        timeout: float | None,
    ) -> Call[ProfileComparison]:
        """Build a call of CompareProfiles; see `Client.compare`."""
        number = _view_number(view)
        from rolefit.client.profile import parse_profiles

        first, second = parse_profiles({"a": a, "b": b})
        request = CompareProfilesRequest(
            a=first, b=second, view=number, ruleset_digest=ruleset_digest
        )
        return self._call("CompareProfiles", request, _read_comparison, timeout)

    def find_changes(
        self,
        profile: Profile,
        target_path: Path | str,
        goal: str,
        limits: ChangeLimits,
        ruleset_digest: str | None,
        timeout: float | None,
    ) -> Call[Changes]:
        """Build a call of FindChanges; see `Client.find_changes`."""
        request = FindChangesRequest(
            target_path=_target_number(target_path),
            goal=goal_number(goal),
            limits=limits,
            profile=_parsed(profile),
            ruleset_digest=ruleset_digest,
        )
        return self._call("FindChanges", request, _read_changes, timeout)

    def _call(
        self,
        method: str,
        request: Message,
        read: Callable[[Any], _T],
        timeout: float | None,
    ) -> Call[_T]:
        seconds = self.timeout if timeout is None else checked_timeout(timeout)
        metadata = self._headers()
        return Call(
            RECOMMENDATION, method, request, read, seconds, metadata, self.wait_for_ready
        )

    def look_up(self, wanted: Lookup[_T]) -> Call[_T]:
        """Build the call that looks something up in the catalogue."""
        return Call(
            service=CATALOGUE,
            method=wanted.method,
            request=wanted.request,
            read=wanted.read,
            timeout=self.timeout,
            metadata=self._headers(),
            wait_for_ready=self.wait_for_ready,
        )

    def _headers(self) -> tuple[tuple[str, str | bytes], ...]:
        if self.token is None:
            return self.metadata
        return (*self.metadata, token_header(self.token))

    def error(self, failed: grpc.RpcError, call: Call[Any]) -> RolefitError:
        """Say why a call failed."""
        return error_from(
            failed,
            service=call.service,
            target=self.target,
            encrypted=self.tls is not None,
            timeout=call.timeout,
        )


# What reads profiles is imported with the first profile, and the classes of answers with the
# first answer: importing the client is to be quick.


def _parsed(profile: Profile) -> CandidateProfile:
    from rolefit.client.profile import parse_profile

    return parse_profile(profile)


def _read_answer(response: RecommendResponse) -> Answer:
    from rolefit.client.reading import read_answer

    return read_answer(response)


def _read_pack(response: PrepareResponse) -> PreparationPack:
    from rolefit.client.reading import read_pack

    return read_pack(response)


def _read_comparison(response: CompareProfilesResponse) -> ProfileComparison:
    from rolefit.client.comparison_reading import read_comparison

    return read_comparison(response)


def _read_changes(response: FindChangesResponse) -> Changes:
    from rolefit.client.change_reading import read_changes

    return read_changes(response)


def metadata_pairs(
    metadata: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]],
) -> tuple[tuple[str, str | bytes], ...]:
    """Bring metadata into the one form that gRPC takes."""
    return tuple(metadata.items() if isinstance(metadata, Mapping) else metadata)


def _duration(seconds: float) -> str:
    """Write a google.protobuf.Duration as JSON does, which knows no exponents."""
    return f"{seconds:.9f}s"


def _view_number(view: str) -> View.ValueType:
    name = view.upper().removeprefix("VIEW_")
    if name not in _VIEWS:
        raise ValueError(f"view must be one of {', '.join(_VIEWS)}, not {view!r}")
    return View.Value(f"VIEW_{name}")


def _path_numbers(paths: Sequence[Path | str]) -> list[path_pb2.Path.ValueType]:
    # A text is a sequence too, of letters; it would be refused letter by letter.
    if isinstance(paths, str):
        raise ValueError(f"paths must be a list of paths, not the text {str(paths)!r}")
    return [_path_number("path", path) for path in paths]


def _path_number(what: str, path: Path | str) -> path_pb2.Path.ValueType:
    return path_pb2.Path.ValueType(number_of(path_pb2.Path.DESCRIPTOR, what, path))


def _target_number(path: Path | str) -> path_pb2.Path.ValueType:
    number = _path_number("target_path", path)
    if number == path_pb2.PATH_UNDETERMINED:
        raise ValueError("target_path must be a path to reach; UNDETERMINED is none")
    return number
