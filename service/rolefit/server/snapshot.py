"""A rule set as the server answers by it, pinned by every call for as long as it runs."""

import threading
import time
import weakref
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from rolefit.engine import Engine
from rolefit.engine.answer import Answer
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.wire import serialised
from rolefit.server import errors
from rolefit.server.call import Call
from rolefit.server.rules_status import RulesStatus
from rolefit.v1.recommendation_pb2 import Ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendResponse


@dataclass(frozen=True)
class Snapshot:
    """One loaded rule set; it never changes.

    Whoever refers to it pins it: the engine is closed when the last reference goes, so keep
    the snapshot and not its engine alone.

    Attributes:
        engine: Decides by it.
        catalogue: What it says of the guide.
        ruleset: Its name, version and digest, as answers carry them.
        signature: The same, as the serialised part of a RecommendResponse.
        loaded: When, by `time.time()`. Unit: seconds since 1970.
    """

    engine: Engine
    catalogue: CatalogueMessages
    ruleset: Ruleset
    signature: bytes = field(init=False)
    loaded: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        signed = RecommendResponse(ruleset=self.ruleset)
        object.__setattr__(self, "signature", serialised(signed))

    @classmethod
    def of(cls, engine: Engine) -> "Snapshot":
        """Return the snapshot of an engine, which it owns from then on."""
        loaded = engine.ruleset
        ruleset = Ruleset(name=loaded.name, version=loaded.version, digest=loaded.digest)
        snapshot = cls(engine=engine, catalogue=CatalogueMessages(loaded), ruleset=ruleset)
        weakref.finalize(snapshot, engine.close).atexit = False
        return snapshot


class Snapshots:
    """The snapshots that a process holds.

    Attributes:
        current: The one that answers calls which name no other.
        status: What is known of the rules, for whoever shows it. Replaced, never changed.
    """

    def __init__(self, current: Snapshot) -> None:
        self.current = current
        self._held = {current.ruleset.digest: current}
        # Built, and not yet agreed on by all workers: no call may be answered by them.
        self._prepared: dict[str, Snapshot] = {}
        ruleset = current.ruleset
        self.status = RulesStatus(
            ruleset.name,
            ruleset.version,
            ruleset.digest,
            loaded_at=time.time(),
            held=(ruleset.digest,),
        )

    def named(self, digest: str) -> Snapshot:
        """Return the snapshot that a call asks for; the current one if it names none.

        Raises:
            CallError: It names one that is not held.
        """
        if not digest:
            return self.current
        found = self._held.get(digest)
        if found is None:
            raise errors.ruleset_not_held(digest, tuple(self._held))
        return found

    def has(self, digest: str) -> bool:
        """Say whether a snapshot is there, held or prepared."""
        return digest in self._held or digest in self._prepared

    def prepare(self, snapshot: Snapshot) -> None:
        """Keep a snapshot ready for `activate`."""
        self._prepared[snapshot.ruleset.digest] = snapshot

    def forget(self, digest: str) -> None:
        """Let go of a snapshot that was prepared in vain."""
        self._prepared.pop(digest, None)

    def activate(self, digest: str, held: Collection[str]) -> None:
        """Answer by a snapshot that is there, and keep those named beside it.

        Raises:
            KeyError: It is not there.
        """
        there = {**self._held, **self._prepared}
        before, self.current = self.current, there[digest]
        if before is not self.current:
            # It may be asked again, but no longer by many. Calls need not wait for this.
            threading.Thread(target=before.engine.forget, name="forgetting").start()
        kept = (digest, *(each for each in held if each != digest))
        self._held = {each: there[each] for each in kept if each in there}
        self._prepared = {}

    def close(self) -> None:
        """Free what the engines hold."""
        for snapshot in (*self._held.values(), *self._prepared.values()):
            snapshot.engine.close()


@dataclass(frozen=True, slots=True)
class Decision:
    """A profile that was decided about.

    Attributes:
        call: The call that asked.
        snapshot: The rule set that decided.
        answer: The answer, with the facts it rests on.
    """

    call: Call
    snapshot: Snapshot
    answer: Answer


class DecisionWatcher(Protocol):
    """Is told of every decision."""

    def decided(self, decision: Decision) -> None:
        """Note a decision; it must not raise and not wait."""
