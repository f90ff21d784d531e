"""The two clients: `Client` blocks, `AsyncClient` awaits. All else is in `behaviour`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import grpc.aio

from rolefit.client.bearer_token import Token
from rolefit.client.behaviour import Behaviour, Call, metadata_pairs
from rolefit.client.catalogue_client import AsyncCatalogueClient, CatalogueClient
from rolefit.client.change_limits import change_limits
from rolefit.client.errors import RolefitError
from rolefit.client.failure import CATALOGUE, RECOMMENDATION
from rolefit.client.lookup import Lookup
from rolefit.client.options import (
    DEFAULT_MAX_MESSAGE_BYTES,
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT,
    RetryPolicy,
    TlsConfig,
)
from rolefit.client.vocabulary import ChangeGoal, Effort, Path
from rolefit.v1.catalogue_service_pb2_grpc import CatalogueServiceStub
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2_grpc import RecommendationServiceStub

if TYPE_CHECKING:
    from rolefit.client.answer import Answer
    from rolefit.client.change import Changes
    from rolefit.client.comparison import ProfileComparison
    from rolefit.client.preparation import PreparationPack

_T = TypeVar("_T")


class _Options:
    """The constructor of both clients."""

    def __init__(
        self,
        target: str = DEFAULT_SERVER,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        wait_for_ready: bool = False,
        tls: TlsConfig | None = None,
        metadata: Mapping[str, str | bytes] | Sequence[tuple[str, str | bytes]] = (),
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        token: Token | None = None,
    ) -> None:
        """Note how to call. Nothing is sent before the first call.

        Args:
            target: Address of the server, ``host:port`` or any other gRPC target.
            timeout: Longest wait for an answer, retries included, in seconds. A call can
                set its own.
            retry: When to try again. None: a `RetryPolicy` with its defaults.
            wait_for_ready: True to wait for a server within the timeout where there is
                none yet, instead of failing once the retries are used up.
            tls: How to encrypt. None: plaintext.
            metadata: Headers of every call. Names in lower case; a name that ends in
                ``-bin`` takes bytes.
            max_message_bytes: Largest request sent and largest answer read, in bytes.
            token: Bearer token of every call, or a function that returns the one to use
                now, for tokens that expire. It must not wait for long.

        Raises:
            ValueError: An option is out of its range, or a token would travel in plaintext
                to an address beyond this machine.

        """
        self._behaviour = Behaviour(
            target=target,
            timeout=timeout,
            retry=RetryPolicy() if retry is None else retry,
            wait_for_ready=wait_for_ready,
            tls=tls,
            metadata=metadata_pairs(metadata),
            max_message_bytes=max_message_bytes,
            token=token,
        )
        self._closed = False
        self._prepare()

    def _prepare(self) -> None:
        """Do what the kind of client does as soon as it knows its options."""

    @property
    def target(self) -> str:
        """Address of the server."""
        return self._behaviour.target

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target}{' (closed)' if self._closed else ''}>"

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RolefitError(f"This client of {self.target} is closed.")


def _stubs(channel: Any) -> dict[str, Any]:
    """Make the stubs of a channel of either kind, by the name of their service."""
    return {
        RECOMMENDATION: RecommendationServiceStub(channel),
        CATALOGUE: CatalogueServiceStub(channel),
    }


class Client(_Options, CatalogueClient):
    """Asks a rolefit server and waits for the answer.

    One client serves a whole program: it holds one connection, may be shared between
    threads, and reconnects by itself.

        with Client("localhost:50051") as rolefit:
            answer = rolefit.recommend({"temperament": {"first_instinct": "DEPLOY"}})
            print(answer.path, answer.headline)
    """

    def _prepare(self) -> None:
        options = self._behaviour.channel_options()
        credentials = self._behaviour.credentials()
        self._channel = (
            grpc.insecure_channel(self.target, options)
            if credentials is None
            else grpc.secure_channel(self.target, credentials, options)
        )
        self._stubs = _stubs(self._channel)

    def recommend(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        *,
        view: str = "STANDARD",
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Ask which path fits a person.

        Args:
            profile: A dict, JSON text or a `CandidateProfile`; see `parse_profile` for the
                short forms. An empty profile is valid: the answer says what to ask first.
            view: How much to return: ``"BASIC"``, ``"STANDARD"`` or ``"FULL"``.
            ruleset_digest: Digest of the rule set to decide by, while the server holds it; an
                earlier answer has its own in ``answer.ruleset.digest``. None: the one that
                serves.
            timeout: Longest wait, retries included, in seconds. None: that of the client.

        Raises:
            InvalidProfile: Fields of the profile are not valid.
            InvalidRequest: The digest is not in the form of one.
            RulesetNotHeld: The server does not hold that rule set, or no longer.
            ServerUnavailable: No server answers.
            DeadlineExceeded: No answer came in time.
            Overloaded: The server has too many calls in flight, or this caller calls too often.
            Unauthenticated: The server needs a token, or another one.
            PermissionDenied: This caller may not call.
            RolefitError: Any other failure, or the client is closed.
            ValueError: The view or the timeout is not a valid one.

        """
        self._refuse_if_closed()
        return self._make(self._behaviour.recommend(profile, view, ruleset_digest, timeout))

    def prepare(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        *,
        paths: Sequence[Path | str] = (),
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> PreparationPack:
        """Ask what to prepare: interviews, résumé, negotiation, skills, next steps.

        Args:
            profile: As for `recommend`.
            paths: What to prepare for, such as ``["ML_ENGINEER"]``. Empty: the recommended
                path and the runner-up.
            ruleset_digest: The rule set to decide by, as for `recommend`.
            timeout: Longest wait, retries included, in seconds. None: that of the client.

        Raises:
            RolefitError: As for `recommend`.
            ValueError: A path or the timeout is not a valid one.

        """
        self._refuse_if_closed()
        return self._make(self._behaviour.prepare(profile, paths, ruleset_digest, timeout))

    def compare(
        self,
        a: Mapping[str, object] | str | CandidateProfile,
        b: Mapping[str, object] | str | CandidateProfile,
        *,
        view: str = "STANDARD",
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> ProfileComparison:
        """Ask what lies between two profiles: two people, or one person at two dates.

        Args:
            a: The first profile, or the earlier one; in any form that `recommend` takes.
            b: The second profile, or the later one.
            view: How much of the two answers to return, as for `recommend`.
            ruleset_digest: The rule set to decide by, as for `recommend`.
            timeout: Longest wait, retries included, in seconds. None: that of the client.

        Raises:
            InvalidProfile: Fields of either are not valid; their names begin with ``a.`` or
                ``b.``, such as ``a.skills.model_depth``.
            RolefitError: Any other failure, as for `recommend`.
            ValueError: The view or the timeout is not a valid one.

        """
        self._refuse_if_closed()
        return self._make(self._behaviour.compare(a, b, view, ruleset_digest, timeout))

    def find_changes(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        target_path: Path | str,
        *,
        goal: ChangeGoal | str = ChangeGoal.RECOMMENDED,
        max_changes: int | None = None,
        max_fields: int | None = None,
        max_effort: Effort | str | None = None,
        keep: Sequence[str] = (),
        wishes_may_change: bool = False,
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> Changes:
        """Ask for the smallest changes that make a path the recommendation, or open it.

        Every change was put to the rules and confirmed. Whether it is worth it is the
        person's to say.

        Args:
            profile: As for `recommend`: where the person stands.
            target_path: The path to reach, such as ``"RESEARCH_SCIENTIST"``.
            goal: ``"RECOMMENDED"``, or ``"OPEN"``: that the record lets the person enter.
            max_changes: Most changes to return, from 1 to 20. None: 5.
            max_fields: Most fields that one change may touch. None: any number.
            max_effort: The largest effort that one field may take: ``"CONVERSATION"``,
                ``"WEEKS"``, ``"MONTHS"`` or ``"YEARS"``. None: years.
            keep: Fields that stay as they are, such as ``["goals.motives"]``.
            wishes_may_change: True if wishes and tastes that were given may change too. One
                that is absent may always be answered.
            ruleset_digest: The rule set to decide by, as for `recommend`.
            timeout: Longest wait, retries included, in seconds. None: that of the client.

        Raises:
            InvalidProfile: Fields of the profile are not valid.
            InvalidRequest: A limit is out of its range, or a field to keep does not exist.
            RolefitError: Any other failure, as for `recommend`.
            ValueError: The path, the goal, the effort or the timeout is not a valid one.

        """
        self._refuse_if_closed()
        limits = change_limits(
            max_changes=max_changes,
            max_fields=max_fields,
            max_effort=max_effort,
            keep=keep,
            wishes_may_change=wishes_may_change,
        )
        return self._make(
            self._behaviour.find_changes(
                profile, target_path, goal, limits, ruleset_digest, timeout
            )
        )

    def _look_up(self, wanted: Lookup[_T]) -> _T:
        self._refuse_if_closed()
        return self._make(self._behaviour.look_up(wanted))

    def _make(self, call: Call[_T]) -> _T:
        """Make a call and wait for what it brings."""
        try:
            response = getattr(self._stubs[call.service], call.method)(
                call.request,
                timeout=call.timeout,
                metadata=call.metadata,
                wait_for_ready=call.wait_for_ready,
            )
        except grpc.RpcError as failed:
            raise self._behaviour.error(failed, call) from failed
        return call.read(response)

    def close(self) -> None:
        """Close the connection; calls in flight fail. Closing again does nothing."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Options, AsyncCatalogueClient):
    """Asks a rolefit server and awaits the answer.

    It is a `Client` for programs on asyncio, with the same options, answers and errors. It
    may be made anywhere, also outside a coroutine; from its first call on it belongs to the
    event loop of that call. Cancelling the task that awaits an answer cancels the call.

        async with AsyncClient("localhost:50051") as rolefit:
            answer = await rolefit.recommend({"temperament": {"first_instinct": "DEPLOY"}})
            print(answer.path, answer.headline)
    """

    _channel: grpc.aio.Channel | None = None
    _stubs: dict[str, Any] | None = None

    def _open(self) -> dict[str, Any]:
        # Not in the constructor: a channel binds to the event loop it is made in, and a
        # client made before `asyncio.run` would hold on to a loop that never runs.
        if self._stubs is None:
            options = self._behaviour.channel_options()
            credentials = self._behaviour.credentials()
            self._channel = (
                grpc.aio.insecure_channel(self.target, options)
                if credentials is None
                else grpc.aio.secure_channel(self.target, credentials, options)
            )
            self._stubs = _stubs(self._channel)
        return self._stubs

    async def recommend(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        *,
        view: str = "STANDARD",
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Ask which path fits a person; takes and raises what `Client.recommend` does."""
        self._refuse_if_closed()
        return await self._make(
            self._behaviour.recommend(profile, view, ruleset_digest, timeout)
        )

    async def prepare(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        *,
        paths: Sequence[Path | str] = (),
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> PreparationPack:
        """Ask what to prepare; takes and raises what `Client.prepare` does."""
        self._refuse_if_closed()
        return await self._make(
            self._behaviour.prepare(profile, paths, ruleset_digest, timeout)
        )

    async def compare(
        self,
        a: Mapping[str, object] | str | CandidateProfile,
        b: Mapping[str, object] | str | CandidateProfile,
        *,
        view: str = "STANDARD",
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> ProfileComparison:
        """Ask what lies between two profiles; takes and raises what `Client.compare` does."""
        self._refuse_if_closed()
        return await self._make(self._behaviour.compare(a, b, view, ruleset_digest, timeout))

    async def find_changes(
        self,
        profile: Mapping[str, object] | str | CandidateProfile,
        target_path: Path | str,
        *,
        goal: ChangeGoal | str = ChangeGoal.RECOMMENDED,
        max_changes: int | None = None,
        max_fields: int | None = None,
        max_effort: Effort | str | None = None,
        keep: Sequence[str] = (),
        wishes_may_change: bool = False,
        ruleset_digest: str | None = None,
        timeout: float | None = None,
    ) -> Changes:
        """Ask for the smallest changes; takes and raises what `Client.find_changes` does."""
        self._refuse_if_closed()
        limits = change_limits(
            max_changes=max_changes,
            max_fields=max_fields,
            max_effort=max_effort,
            keep=keep,
            wishes_may_change=wishes_may_change,
        )
        return await self._make(
            self._behaviour.find_changes(
                profile, target_path, goal, limits, ruleset_digest, timeout
            )
        )

    async def _look_up(self, wanted: Lookup[_T]) -> _T:
        self._refuse_if_closed()
        return await self._make(self._behaviour.look_up(wanted))

    async def _make(self, call: Call[_T]) -> _T:
        """Make a call and await what it brings."""
        try:
            response = await getattr(self._open()[call.service], call.method)(
                call.request,
                timeout=call.timeout,
                metadata=call.metadata,
                wait_for_ready=call.wait_for_ready,
            )
        except grpc.RpcError as failed:
            raise self._behaviour.error(failed, call) from failed
        return call.read(response)

    async def close(self) -> None:
        """Close the connection; calls in flight fail. Closing again does nothing."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
