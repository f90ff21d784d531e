"""The way through the engine: profile to facts to outcome to recommendation."""

from __future__ import annotations

import threading
from types import TracebackType

from rolefit.engine.assembly import Assembler, View
from rolefit.engine.compilation import compile_ruleset
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.outcome import Outcome, run_rules
from rolefit.engine.ruleset import Ruleset
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation


class Engine:
    """A compiled rule set with the state of the rules engine. Safe to share by threads."""

    def __init__(self, ruleset: Ruleset):
        self.ruleset = ruleset
        self.program = compile_ruleset(ruleset)
        self._assembler = Assembler(ruleset, self.program)
        self._sessions = {layer.name: LayerSession(layer) for layer in self.program.layers}
        # Each call into the rules engine holds the interpreter lock, the sequence does not.
        self._lock = threading.Lock()

    def run(self, facts: Facts) -> Outcome:
        """Fires the rules over facts.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        with self._lock:
            return run_rules(self.ruleset, self.program, self._sessions, facts)

    def recommend(
        self, profile: CandidateProfile, view: View.ValueType = View.VIEW_STANDARD
    ) -> Recommendation:
        """The recommendation for a valid profile; equal profiles give equal messages.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        return self._assembler.recommendation(self.run(read_facts(profile)), view)

    def close(self) -> None:
        """Frees the rules engine's memory. The engine cannot be used after that."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions = {}

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
