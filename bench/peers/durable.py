"""Our own engine in three ways: as it serves, its rules on durable_rules alone, and whole."""

from __future__ import annotations

from importlib.metadata import version

from bench.peers.peer import Decided, Peer
from bench.people import requests
from rolefit.engine import Engine
from rolefit.engine.compilation import MET, compile_ruleset
from rolefit.engine.facts import Facts, write_fact
from rolefit.engine.inference import LayerSession
from rolefit.engine.outcome import fire
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.verdict import first_true
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

# Whom the served engine has met before, and none of those whom it is timed with.
_OTHERS, _OTHER_SEED = 20_000, 1


class DurablePeer:
    """Groups fired one after another, without certainty, traces and memories."""

    name = f"durable_rules {version('durable-rules')} alone, as rolefit drives it"

    def __init__(self, ruleset: Ruleset):
        self._ruleset = ruleset
        self._program = compile_ruleset(ruleset)
        # Preparation is none of the bench's business.
        program = self._program
        groups = (*program.signals, *program.verdicts, *program.findings)
        layers = [layer for group in groups for layer in group.layers]
        self._sessions = {layer.name: LayerSession(layer) for layer in layers}

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        program = self._program
        properties = program.projection.project(facts)
        fired: set[str] = set()
        for group in (*program.signals, *program.verdicts):
            fired.update(fire(group, self._sessions, properties).sides[MET])
        path = first_true(self._ruleset.verdicts, fired).path
        answered = {**properties, **program.answer_properties(path, certainty)}
        for group in program.findings:
            fired.update(fire(group, self._sessions, answered).sides[MET])
        return Decided(path, frozenset(fired))

    def close(self) -> None:
        """Frees the rules engine's memory."""
        for session in self._sessions.values():
            session.close()


class ServedPeer:
    """The engine as it serves: durable_rules behind memories by what groups of rules read.

    It is given profiles as messages, as the server is, instead of facts, and has decided about
    other people before, as a server has that ran for some seconds.
    """

    name = "rolefit: durable_rules behind its memories"

    def __init__(self, ruleset: Ruleset):
        self._engine = Engine(ruleset)
        for request in requests(_OTHERS, _OTHER_SEED):
            profile = RecommendRequest.FromString(request).profile
            self._engine.infer(self._engine.observe(profile))
        self._profiles: dict[int, CandidateProfile] = {}

    def get_ready(self, facts: Facts) -> None:
        """Make the message of a profile that will be decided about."""
        profile = CandidateProfile()
        for path, value in facts.items():
            write_fact(profile, path, value)
        self._profiles[id(facts)] = profile

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        profile = self._profiles[id(facts)]
        observations = self._engine.recall(profile) or self._engine.observe(profile)
        path, fired = self._engine.infer(observations, certainty)
        return Decided(path, frozenset(fired))

    def close(self) -> None:
        """Frees the rules engine's memory."""
        self._engine.close()


class EnginePeer:
    """The engine whole: it also says how certain the path is and what could still change it."""

    name = "rolefit, Engine.run"

    def __init__(self, ruleset: Ruleset):
        self._engine = Engine(ruleset)

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile; its certainty is the engine's own."""
        outcome = self._engine.run(facts)
        return Decided(outcome.verdict.path, frozenset(outcome.met))

    def close(self) -> None:
        """Frees the rules engine's memory."""
        self._engine.close()


def open_peers(ruleset: Ruleset) -> list[Peer]:
    """Our engine in each way that the table lists it; the first is what ratios refer to.

    To list a further way, such as one with caches, add a peer here.
    """
    return [ServedPeer(ruleset), DurablePeer(ruleset), EnginePeer(ruleset)]
