"""From the cells of a profile to signals and the verdict rule that concludes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rolefit.engine.assembly import open_now
from rolefit.engine.compilation import MET, Group, Program
from rolefit.engine.explanation import Evidence, Explainer, Explanation
from rolefit.engine.grouping import subjects_of
from rolefit.engine.memory import Memory, MemoryStatistics
from rolefit.engine.open_facts import UNKNOWN
from rolefit.engine.outcome import Fired, Sessions
from rolefit.engine.parts import Part
from rolefit.engine.places import Places, Said
from rolefit.engine.recall import Key, Layout, Progress, Recall, Slots, State, key_of
from rolefit.engine.ruleset import PATHS, Ruleset, SignalRule, VerdictRule


@dataclass(frozen=True, eq=False)
class _Derived:
    """What a group of signals came to: its states and their values, in the group's order."""

    fired: Fired
    states: tuple[State, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Judged:
    """What a group of verdicts came to; `first` is the place of its first true rule."""

    fired: Fired
    first: int


class Concluder:
    """Derives signals and verdicts of one rule set.

    Args:
        ruleset: The rules.
        program: The compiled rules.
        explainer: Traces what they derive to fields.
        sessions: Their sessions, by layer.
        places: Makes parts of answers.
        layout: Which slot holds what.
        capacity: Most entries of a memory.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        program: Program,
        explainer: Explainer,
        sessions: Sessions,
        places: Places,
        layout: Layout,
        capacity: int,
    ):
        self._ruleset = ruleset
        self._concluded = 0
        self._explainer = explainer
        self._places = places
        self._layout = layout
        self._place_of = {rule.id: place for place, rule in enumerate(ruleset.verdicts)}
        self._deriving = []
        for group in program.signals:
            own = [rule.signal for rule in signals_of(group)]
            recall: Recall[_Derived] = Recall(group, layout.states, sessions, capacity)
            self._deriving.append((recall, layout.of_states(own), layout.of_values(own)))
        self._judging: list[Recall[_Judged]] = [
            Recall(group, layout.values, sessions, capacity) for group in program.verdicts
        ]
        self._states: Memory[tuple[str, str, Evidence, Evidence], State] = Memory(
            "states", capacity
        )
        self._openness: Memory[Key, tuple[str, ...]] = Memory("openness", capacity)
        opens = {ruleset.paths[path].open_signal: None for path in PATHS}
        self._open_key = key_of(layout.values[signal] for signal in opens if signal)
        # By path: the signals that its verdicts read, and what keeps the path from it.
        self._unmet: dict[str, tuple[Callable[[Slots], Key], Memory[Key, tuple[int, ...]]]] = {}
        for path in PATHS:
            tests = (test for way in explainer.ways_to[path] for test in way.tests)
            subjects = dict.fromkeys(test.subject for test in tests)
            key = key_of(layout.values[subject] for subject in subjects)
            self._unmet[path] = key, Memory(f"unmet/{path}", capacity)
        self._winner_keys = {
            rule.id: key_of(layout.states[subject] for subject in subjects_of(rule))
            for rule in ruleset.verdicts
        }
        self._winners: Memory[tuple[str, Key], Part[Said]] = Memory("winners", capacity)

    def conclude(self, slots: Slots, progress: Progress) -> VerdictRule:
        """Fills the slots of signals and returns the rule that concludes.

        Raises:
            InferenceError: The rules engine failed.
        """
        self._concluded += 1
        passed = progress.passed
        for deriving, states, values in self._deriving:
            key = deriving.key(slots)
            derived = deriving.memory.known.get(key) or self._derive(deriving, key, progress)
            slots[states] = derived.states
            slots[values] = derived.values
            passed.append(derived)
        first = len(self._place_of)
        for judging in self._judging:
            key = judging.key(slots)
            judged = judging.memory.known.get(key) or self._judge(judging, key)
            if judged.first < first:
                first = judged.first
            passed.append(judged)
        return self._ruleset.verdicts[first]

    def _derive(self, recall: Recall[_Derived], key: Key, progress: Progress) -> _Derived:
        known = recall.memory.get(key)
        if known is not None:
            return known
        fired = recall.fire(key, {})
        explanation = self._explainer.explain(progress.derivation(fired))
        states = tuple(
            self._state(rule, fired.signals[rule.signal], explanation)
            for rule in signals_of(recall.group)
        )
        values = tuple(state.value for state in states)
        return recall.memory.add(key, _Derived(fired, states, values))

    def _state(self, rule: SignalRule, value: str, explanation: Explanation) -> State:
        evidence = explanation.signal_evidence(rule.signal)
        # Where facts disagree the evidence is silent about what is open, but signals that
        # read this one are traced to it.
        still_open = explanation.open_below(rule.signal) if value == UNKNOWN else ()
        key = rule.signal, value, evidence, still_open
        known = self._states.get(key)
        if known is None:
            obstacle = self._places.obstacle(rule, value, evidence)
            known = self._states.add(key, State(value, evidence, obstacle))
        return known

    def _judge(self, recall: Recall[_Judged], key: Key) -> _Judged:
        known = recall.memory.get(key)
        if known is not None:
            return known
        fired = recall.fire(key, {})
        true = [self._place_of[rule_id] for rule_id in fired.sides[MET]]
        first = min(true, default=len(self._place_of))
        return recall.memory.add(key, _Judged(fired, first))

    def openness(self, slots: Slots, progress: Progress) -> tuple[str, ...]:
        """YES, NO or UNKNOWN for each path: whether it is open now."""
        key = self._open_key(slots)
        known = self._openness.get(key)
        if known is None:
            signals = progress.derivation().signals
            opens = tuple(open_now(self._ruleset, signals, path) for path in PATHS)
            known = self._openness.add(key, opens)
        return known

    def obstacles(
        self, path: str, winner: VerdictRule, slots: Slots, progress: Progress
    ) -> list[Part[Said]]:
        """The conditions that a path fails, or that another rule came first."""
        key_of_path, memory = self._unmet[path]
        key = key_of_path(slots)
        memory.asked += 1
        unmet = memory.get(key)
        if unmet is None:
            failing = self._explainer.unmet(path, progress.derivation().signals)
            unmet = memory.add(key, tuple(self._layout.states[signal] for signal in failing))
        if unmet:
            return [slots[slot].obstacle for slot in unmet]
        return [self._outranked(winner, slots, progress)]

    def _outranked(self, winner: VerdictRule, slots: Slots, progress: Progress) -> Part[Said]:
        key = winner.id, self._winner_keys[winner.id](slots)
        known = self._winners.get(key)
        if known is None:
            alternatives = progress.derivation().met[winner.id]
            evidence = self._explainer.evidence_of(
                alternatives, lambda signal: self._layout.state(slots, signal).evidence
            )
            known = self._winners.add(key, self._places.outranked(winner, evidence))
        return known

    def statistics(self) -> list[MemoryStatistics]:
        """How the memories did so far."""
        memories: list[Memory[Any, Any]] = [recall.memory for recall, _, _ in self._deriving]
        memories += [recall.memory for recall in self._judging]
        unmet = [memory.statistics() for _, memory in self._unmet.values()]
        return [*(memory.statistics(self._concluded) for memory in memories), *unmet]


def signals_of(group: Group) -> list[SignalRule]:
    """The signals of a group, in the order derived."""
    rules = (rule for layer in group.layers for rule in layer.rules)
    return [rule for rule in rules if isinstance(rule, SignalRule)]
