"""Our own engine, twice: its rules on durable_rules alone, and whole."""

from __future__ import annotations

from importlib.metadata import version

from bench.peers.peer import Decided, Peer
from rolefit.engine import Engine
from rolefit.engine.compilation import MET, REFUTED, Layer, compile_ruleset
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.projection import Properties, property_name
from rolefit.engine.ruleset import Ruleset, SignalRule
from rolefit.engine.verdict import first_true


class DurablePeer:
    """Layers fired one after another, without certainty, traces and caches."""

    name = f"durable_rules {version('durable-rules')} alone, as rolefit drives it"

    def __init__(self, ruleset: Ruleset):
        self._ruleset = ruleset
        self._program = compile_ruleset(ruleset)
        # Preparation comes last and is none of the bench's business.
        layers = self._program.layers[:-1]
        self._sessions = {layer.name: LayerSession(layer) for layer in layers}

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        program = self._program
        properties = program.projection.project(facts)
        fired: set[str] = set()
        for layer in program.signals:
            met, refuted = self._fire(layer, properties)
            fired |= met
            for rule in layer.rules:
                assert isinstance(rule, SignalRule)
                yes, no = rule.id in met, rule.id in refuted
                if yes is not no:
                    properties[property_name(rule.signal)] = "YES" if yes else "NO"
        fired |= self._fire(program.findings, properties)[0]
        verdicts = self._fire(program.verdict, properties)[0]
        path = first_true(self._ruleset.verdicts, verdicts).path
        answer = program.answer_properties(path, certainty)
        late = self._fire(program.advice, {**properties, **answer})[0]
        return Decided(path, frozenset(fired | verdicts | late))

    def _fire(self, layer: Layer, properties: Properties) -> tuple[set[str], set[str]]:
        """Ids of the rules whose condition is true, and of those that refute a signal."""
        alternatives = layer.alternatives
        sides: dict[str, set[str]] = {MET: set(), REFUTED: set()}
        for name in self._sessions[layer.name].fire(properties):
            alternative = alternatives[name]
            sides[alternative.side].add(alternative.rule.id)
        return sides[MET], sides[REFUTED]

    def close(self) -> None:
        """Frees the rules engine's memory."""
        for session in self._sessions.values():
            session.close()


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
    return [DurablePeer(ruleset), EnginePeer(ruleset)]
