"""Sentence templates: text with `{field}`, `{$threshold}` and `{path}` in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Vocabulary

_HOLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Template:
    """A sentence.

    `{publications.top_tier_papers}` becomes the value seen, in words;
    `{publications.top_tier_papers|paper|papers}` the number with the right noun;
    `{$equivalent_papers}` a threshold; `{path}` the label of the recommended path.
    """

    text: str

    def holes(self) -> list[str]:
        """What it speaks of: field paths, `$threshold` names and `path`."""
        return [hole.split("|")[0] for hole in _HOLE.findall(self.text)]

    def malformed(self) -> bool:
        """True if braces do not match or a noun form is missing."""
        rest = _HOLE.sub("", self.text)
        forms = [hole.count("|") for hole in _HOLE.findall(self.text)]
        return "{" in rest or "}" in rest or any(count not in (0, 2) for count in forms)

    def render_words(self, words: Mapping[str, str]) -> str:
        """The sentence, where it holds nothing but words given here."""
        return _HOLE.sub(lambda match: words[match[1]], self.text)

    def render(
        self,
        facts: Facts,
        vocabulary: Vocabulary,
        thresholds: dict[str, int | float],
        words: Mapping[str, str],
    ) -> str:
        """The sentence for one profile; `words` fills holes such as `path`.

        Raises:
            KeyError: A field that it speaks of is unknown. The loader refuses rules for
                which that could happen.
        """

        def fill(match: re.Match[str]) -> str:
            name, *forms = match[1].split("|")
            if name in words:
                return words[name]
            value: object
            if name.startswith("$"):
                value = thresholds[name[1:]]
                shown = f"{value:,}"
            else:
                value = facts[name]
                shown = vocabulary.value_words(name, facts[name])
            return f"{shown} {forms[0] if value == 1 else forms[1]}" if forms else shown

        return _HOLE.sub(fill, self.text)
