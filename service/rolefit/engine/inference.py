"""Fires compiled rules with durable_rules.

The engine is used through its C module: one persistent state per rule set, into which the
fact is asserted under a fixed id, the agenda drained, and the fact retracted. The names
drained are the trace. No action, host or timer of durable_rules takes part.
"""

from __future__ import annotations

import durable_rules_engine
import orjson

from rolefit.engine.compilation import KIND, PRIME, Layer
from rolefit.engine.errors import InferenceError
from rolefit.engine.projection import Properties

_SID = "0"
_ID = "p"


class RuleSession:
    """One rule set of the engine with its state. Not safe for concurrent use."""

    def __init__(self, name: str, definition: str):
        self._name = name
        self._definition = definition
        self._open()

    def _open(self) -> None:
        self._handle = durable_rules_engine.create_ruleset(self._name, self._definition)
        # Deleting a state that never fired would free an uninitialised pointer.
        if self._run({"id": _ID, "sid": _SID, "kind": PRIME}) != [PRIME]:
            raise InferenceError(f"rule set {self._name} does not fire")

    def fire(self, properties: Properties) -> list[str]:
        """Names of the rules that the properties satisfy.

        Raises:
            InferenceError: The engine failed. The session starts clean after that.
        """
        fact = {"id": _ID, "sid": _SID, "kind": KIND, **properties}
        try:
            return self._run(fact)
        except Exception as error:
            self.close()
            self._open()
            raise InferenceError(f"rule set {self._name}: {error}") from error

    def _run(self, fact: Properties) -> list[str]:
        text = orjson.dumps(fact).decode()
        status, state = durable_rules_engine.assert_fact(self._handle, text)
        fired: list[str] = []
        if status == 0:
            result = durable_rules_engine.start_action_for_state(self._handle, state)
            message = result[1] if result else None
            while message:
                # The message is {"<rule>": {...}}: the name is all that matters.
                fired.append(message.split('"', 2)[1])
                message = durable_rules_engine.complete_and_start_action(self._handle, state)
        elif status != 1:  # 1: no rule matched
            raise InferenceError(f"assert_fact returned {status}")
        durable_rules_engine.retract_fact(self._handle, text)
        return fired

    def close(self) -> None:
        """Frees the state, then the rule set; the other order would leak both."""
        durable_rules_engine.delete_state(self._handle, _SID)
        durable_rules_engine.delete_ruleset(self._handle)


class LayerSession:
    """The sessions of one layer."""

    def __init__(self, layer: Layer):
        self.layer = layer
        self._sessions = [
            RuleSession(f"{layer.name}_{i}", definition)
            for i, definition in enumerate(layer.definitions)
        ]

    def fire(self, properties: Properties) -> set[str]:
        """Names of the alternatives that the properties satisfy.

        Raises:
            InferenceError: The engine failed; the session can be used again.
        """
        tested = self.layer.properties
        seen = {name: value for name, value in properties.items() if name in tested}
        fired: set[str] = set()
        for session in self._sessions:
            fired.update(session.fire(seen))
        return fired

    def close(self) -> None:
        """Frees the engine's memory."""
        for session in self._sessions:
            session.close()
