"""Says sentences about one profile at a time, with a rule set's words and numbers."""

from __future__ import annotations

from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.templates import Template


class Speech:
    """Renders the templates of one rule set."""

    def __init__(self, ruleset: Ruleset):
        self._vocabulary = ruleset.vocabulary
        self._thresholds = {name: t.value for name, t in ruleset.thresholds.items()}

    def say(self, template: Template, facts: Facts, words: dict[str, str]) -> str:
        """A sentence about the profile; `words` fills holes such as `path`."""
        return template.render(facts, self._vocabulary, self._thresholds, words)
