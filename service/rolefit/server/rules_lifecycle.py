"""Reloading: new rules are checked, prepared by every worker, and swapped to by all at once.

It runs where nobody is served, in the supervisor, or beside the event loop of a server with
one worker. Free of the engine and of grpc.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

from rolefit.server import log
from rolefit.server.config import ServerConfig
from rolefit.server.rules_bundle import (
    Fingerprint,
    FolderError,
    fingerprint,
    read_bundle,
)
from rolefit.server.rules_check import CheckedRules, RulesRefusedError, check_rules
from rolefit.server.rules_status import RulesStatus

_ROUNDS = 5
"""How often those workers are asked that came while the others prepared."""
_REPLACEMENT_SECONDS = 1.0
"""How long to wait for the replacement of a worker that ended while it prepared."""
_MOST_PROBLEMS_SHOWN = 20


class MemberGoneError(Exception):
    """A process that serves ended, or does not answer."""


class RulesNotHeldError(Exception):
    """There are no such rules to go back to; `str()` says which are held."""


class Member(Protocol):
    """A process that serves by these rules."""

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have an order of `rules_orders.py` carried out; return the reply.

        Raises:
            MemberGoneError: It ended, or does not answer.
        """


@dataclass(frozen=True)
class HeldRules:
    """Rules that served, and since when they last did, in seconds since 1970."""

    rules: CheckedRules
    loaded_at: float


class RulesLifecycle:
    """Which rules serve, which did, and how others come to.

    Args:
        config: The settings.
        members: Returns the processes that serve, now.
        initial: What they loaded as they started.
        seen: Fingerprint of the folder at that time.
    """

    def __init__(
        self,
        config: ServerConfig,
        members: Callable[[], Collection[Member]],
        initial: CheckedRules,
        seen: Fingerprint,
    ) -> None:
        self._config = config
        self._members = members
        self._log = log.logger()
        self._held = [HeldRules(initial, time.time())]
        self._seen = seen
        self._reloading = asyncio.Lock()
        # Apart from it, so that nothing waits for a check but the next reload.
        self._changing = asyncio.Lock()
        self._loaded = 0
        self._failures = 0
        self._last_failure = ""
        self._failing_since: float | None = None
        self._stale = False
        self._staleness: asyncio.TimerHandle | None = None
        self._publishing: asyncio.Future[None] | None = None

    @property
    def current(self) -> CheckedRules:
        """The rules that serve."""
        return self._held[0].rules

    @property
    def status(self) -> RulesStatus:
        """What is known now."""
        current, loaded_at = self._held[0].rules, self._held[0].loaded_at
        return RulesStatus(
            name=current.name,
            version=current.version,
            digest=current.digest,
            loaded_at=loaded_at,
            held=tuple(each.rules.digest for each in self._held),
            failures=self._failures,
            last_failure=self._last_failure,
            failing_since=self._failing_since,
            stale=self._stale,
        )

    def reloads(self) -> dict[tuple[str, ...], float]:
        """Return how many rule sets put forward since the start were loaded, and refused."""
        return {("loaded",): self._loaded, ("failed",): self._failures}

    async def watch(self) -> None:
        """Reload whenever the folder has changed and then stayed as it is for one interval."""
        directory, pause = self._config.rules, self._config.rules_poll_seconds
        if directory is None or not pause:
            return
        before = self._seen
        while True:
            await asyncio.sleep(pause)
            now = await asyncio.to_thread(fingerprint, directory)
            if now == before != self._seen:
                await self.try_reload()
            before = now

    async def try_reload(self) -> None:
        """Reload; what goes wrong is in the log and in `status`."""
        try:
            await self.reload()
        except RulesRefusedError:
            return
        except Exception:
            self._log.exception("reloading failed")

    async def reload(self) -> bool:
        """Read the folder, check what it holds and swap to it; return whether that changed.

        Raises:
            RulesRefusedError: What it holds cannot be used, or some worker could not take
                it. The rules that served before still do.
        """
        async with self._reloading:
            try:
                rules = await self._checked()
                async with self._changing:
                    changed = rules.digest != self.current.digest
                    if changed:
                        await self._swap(rules)
            except RulesRefusedError as error:
                await self._failed(str(error))
                raise
            self._loaded += changed
            await self._succeeded()
            what = "rules reloaded" if changed else "rules checked; they are those that serve"
            self._log.info(what, **_identity(self.current))
            return changed

    async def roll_back(self, digest: str) -> None:
        """Swap to rules that are still held; without a digest, to those before.

        Raises:
            RulesNotHeldError: They are not held.
            RulesRefusedError: Some worker could not take them.
        """
        async with self._changing:
            held = [each.rules for each in self._held]
            if not digest and len(held) < 2:
                raise RulesNotHeldError("no rules served before these")
            found = [each for each in held if each.digest == (digest or held[1].digest)]
            if not found:
                names = ", ".join(each.digest for each in held)
                raise RulesNotHeldError(f"the rule set {digest} is not held; held are {names}")
            if found[0].digest != self.current.digest:
                await self._swap(found[0])
            self._log.info("rules rolled back", **_identity(self.current))

    async def welcome(self, member: Member, digest: str, join: Callable[[], None]) -> None:
        """Bring a process that loaded the rules `digest` up to those that serve.

        `join` has to make it one of the members. It is called when it has the right rules,
        in one go with finding that out, so that no swap can pass it by.

        Raises:
            MemberGoneError: It ended, or does not answer.
            RulesRefusedError: It cannot take them.
        """
        while digest != self.current.digest:
            rules = self.current
            await self._prepare(member, rules)
            await member.ask(self._activation(rules.digest, (rules.digest,)))
            digest = rules.digest
        join()

    async def hand_over(self, member: Member) -> None:
        """Give a new member the other rules that are held, and the status."""
        async with self._changing:
            try:
                for each in self._held[1:]:
                    await self._prepare(member, each.rules)
                await member.ask(self._activation(self.current.digest, self.status.held))
            except (MemberGoneError, RulesRefusedError) as error:
                self._log.warning("a worker lacks rules that are held", cause=str(error))

    async def _checked(self) -> CheckedRules:
        directory = self._config.rules
        try:
            if directory is not None:
                self._seen = await asyncio.to_thread(fingerprint, directory)
            bundle = await asyncio.to_thread(read_bundle, directory)
        except FolderError as error:
            raise RulesRefusedError(str(error)) from None
        return await check_rules(bundle, self._config.verify_rules)

    async def _swap(self, rules: CheckedRules) -> None:
        """Have every member prepare, then all of them swap; or none."""
        prepared: set[Member] = set()
        try:
            for _ in range(_ROUNDS):
                waiting = [each for each in self._members() if each not in prepared]
                if prepared and not waiting:
                    break
                ready = await self._prepare_all(waiting, rules)
                prepared |= ready
                if len(ready) < len(waiting) or not waiting:
                    # Some ended; their replacements take part instead.
                    await asyncio.sleep(_REPLACEMENT_SECONDS)
            else:
                raise RulesRefusedError("workers kept ending while they prepared these rules")
        except RulesRefusedError:
            await self._tell(prepared, {"order": "forget", "digest": rules.digest})
            raise
        # From here to the sending of the orders nothing waits, so that no member joins by
        # the old rules in between.
        others = [each for each in self._held if each.rules.digest != rules.digest]
        self._held = [HeldRules(rules, time.time()), *others][: self._config.rules_held]
        await self._tell(self._members(), self._activation(rules.digest, self.status.held))

    async def _prepare_all(
        self, members: Collection[Member], rules: CheckedRules
    ) -> set[Member]:
        """Have members prepare at the same time; return those that did and still live."""
        ready = set()

        async def prepare(member: Member) -> None:
            with contextlib.suppress(MemberGoneError):
                await self._prepare(member, rules)
                ready.add(member)

        results = await asyncio.gather(
            *(prepare(each) for each in members), return_exceptions=True
        )
        refusals = [each for each in results if each is not None]
        if refusals:
            await self._tell(ready, {"order": "forget", "digest": rules.digest})
            raise refusals[0]
        return ready

    async def _prepare(self, member: Member, rules: CheckedRules) -> None:
        order = {
            "order": "prepare",
            "digest": rules.digest,
            "rules": rules.bundle.to_text(),
        }
        reply = await member.ask(order)
        if "failure" in reply:
            raise RulesRefusedError(f"a worker cannot take these rules: {reply['failure']}")

    def _activation(self, digest: str, held: Collection[str]) -> dict[str, Any]:
        status = self.status.to_json()
        return {"order": "activate", "digest": digest, "held": held, "status": status}

    async def _tell(self, members: Collection[Member], order: dict[str, Any]) -> None:
        # Who is gone needs no order: its replacement starts by the rules that serve.
        await asyncio.gather(*(each.ask(order) for each in members), return_exceptions=True)

    async def _failed(self, why: str) -> None:
        self._failures += 1
        self._last_failure = why
        if self._failing_since is None:
            self._failing_since = time.time()
            limit = self._config.rules_max_age_seconds
            if limit:
                loop = asyncio.get_running_loop()
                self._staleness = loop.call_later(limit, self._went_stale)
        problems = why.splitlines()
        self._log.error(
            "rules refused; those before still serve",
            problems=problems[:_MOST_PROBLEMS_SHOWN],
            problem_count=len(problems),
            **_identity(self.current),
        )
        await self._publish()

    async def _succeeded(self) -> None:
        self._failing_since = None
        self._stale = False
        if self._staleness is not None:
            self._staleness.cancel()
            self._staleness = None
        await self._publish()

    def _went_stale(self) -> None:
        self._stale = True
        self._log.error(
            "rules stale; health says NOT_SERVING",
            rules_max_age_seconds=self._config.rules_max_age_seconds,
            **_identity(self.current),
        )
        # Kept, as the loop itself holds tasks by weak references alone.
        self._publishing = asyncio.ensure_future(self._publish())

    async def _publish(self) -> None:
        await self._tell(self._members(), {"order": "status", "status": self.status.to_json()})


def _identity(rules: CheckedRules) -> dict[str, str]:
    return {
        "ruleset": rules.name,
        "ruleset_version": rules.version,
        "ruleset_digest": rules.digest,
    }
