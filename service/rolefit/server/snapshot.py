"""A rule set as the server answers by it, pinned by every call for as long as it runs."""

import time
from dataclasses import dataclass, field
from typing import Protocol

from rolefit.engine import Engine
from rolefit.engine.answer import Answer
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.wire import serialised
from rolefit.server.call import Call
from rolefit.v1.recommendation_pb2 import Ruleset
from rolefit.v1.recommendation_service_pb2 import RecommendResponse


@dataclass(frozen=True)
class Snapshot:
    """One loaded rule set; it never changes.

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
        return cls(engine=engine, catalogue=CatalogueMessages(loaded), ruleset=ruleset)


class Snapshots:
    """The snapshots that a process holds.

    Attributes:
        current: The one that answers calls which name no other.
    """

    def __init__(self, current: Snapshot) -> None:
        self.current = current

    def close(self) -> None:
        """Free what the engines hold."""
        self.current.engine.close()


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
