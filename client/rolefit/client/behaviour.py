"""What every client does, whether it blocks or awaits. The client classes only add that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from rolefit.client.answer import Answer
from rolefit.client.errors import RolefitError
from rolefit.client.failure import SERVICE, error_from
from rolefit.client.options import RetryPolicy, TlsConfig, checked_timeout
from rolefit.client.profile import parse_profile
from rolefit.client.reading import read_answer
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse, View

# CANCELLED as well as UNAVAILABLE: a server that shuts down cancels the calls it has
# accepted and not begun, before it tells its clients to go elsewhere.
_RETRYABLE = ("UNAVAILABLE", "CANCELLED")

_VIEWS = tuple(name.removeprefix("VIEW_") for name in View.keys()[1:])


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to be made."""

    request: RecommendRequest
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

    def __post_init__(self) -> None:
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
        ]

    def _service_config(self) -> dict[str, Any]:
        # No `timeout` here: as part of a service config it fires up to two seconds early.
        # Deadlines go with each call.
        method: dict[str, Any] = {"name": [{"service": SERVICE}]}
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

    def call(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        view: str,
        timeout: float | None,
    ) -> Call:
        """Build one call; see `Client.recommend` for what it takes and raises."""
        name = view.upper().removeprefix("VIEW_")
        if name not in _VIEWS:
            raise ValueError(f"view must be one of {', '.join(_VIEWS)}, not {view!r}")
        request = RecommendRequest(
            profile=parse_profile(profile), view=View.Value(f"VIEW_{name}")
        )
        seconds = self.timeout if timeout is None else checked_timeout(timeout)
        return Call(request, seconds, self.metadata, self.wait_for_ready)

    def error(self, failed: grpc.RpcError, call: Call) -> RolefitError:
        """Say why a call failed."""
        return error_from(failed, target=self.target, timeout=call.timeout)

    def answer(self, response: RecommendResponse) -> Answer:
        """Read the response of a call."""
        return read_answer(response)


def metadata_pairs(
    metadata: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]],
) -> tuple[tuple[str, str | bytes], ...]:
    """Bring metadata into the one form that gRPC takes."""
    return tuple(metadata.items() if isinstance(metadata, Mapping) else metadata)


def _duration(seconds: float) -> str:
    """Write a google.protobuf.Duration as JSON does, which knows no exponents."""
    return f"{seconds:.9f}s"
