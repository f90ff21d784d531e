"""Sentence templates: text with `{field}`, `{$threshold}` and `{path}` in it."""

from __future__ import annotations

import re
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

    def render(
        self,
        facts: Facts,
        vocabulary: Vocabulary,
        thresholds: dict[str, int | float],
        path_label: str = "",
    ) -> str:
        """The sentence for one profile.

        Raises:
            KeyError: A field that it speaks of is unknown. The loader refuses rules for
                which that could happen.
        """

        def fill(match: re.Match[str]) -> str:
            name, *forms = match[1].split("|")
            if name == "path":
                return path_label
            if name.startswith("$"):
                value: int | float = thresholds[name[1:]]
                words = f"{value:,}"
            else:
                words = vocabulary.value_words(name, facts[name])
                fact = facts[name]
                value = fact if isinstance(fact, int | float) else 0
            if forms:
                return f"{words} {forms[0] if value == 1 else forms[1]}"
            return words

        return _HOLE.sub(fill, self.text)
