"""What lies around one profile: how firm its answer is, what to ask, what would change it.

All of it is a function of the profile's position in the decision space, so it is worked out
once for each position and remembered in serialised parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rolefit.engine.answer_parts import path_number
from rolefit.engine.change_messages import field_changes, margin_message
from rolefit.engine.decision_space import DecisionSpace, Position
from rolefit.engine.efforts import FieldStep
from rolefit.engine.facts import Facts
from rolefit.engine.fillings import OpenField
from rolefit.engine.margins import FlipFinder, Turns
from rolefit.engine.memory import Memory, MemoryStatistics
from rolefit.engine.needs import NeedFinder
from rolefit.engine.observation import Observation, Observations
from rolefit.engine.ruleset import Ruleset, VerdictRule
from rolefit.engine.verdict import Judge, Verdict
from rolefit.engine.vocabulary import Kind, Vocabulary
from rolefit.engine.wire import serialised
from rolefit.v1 import recommendation_pb2 as pb

# Questions in the smallest view.
_MOST_BASIC_QUESTIONS = 3
_PROVEN = serialised(pb.Recommendation(proven=True))


@dataclass(frozen=True, eq=False)
class Prospect:
    """What lies around one position.

    Attributes:
        path: The path concluded.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        front: Path, certainty and possible paths, serialised.
        questions: What to ask, serialised.
        basic_questions: The first of them.
        proven: Whether all fillings were looked at, serialised.
        turns: Where numbers change the path, by the field's place among the observations.
        needs: For each path what it would need, likewise.
    """

    path: str
    certainty: str
    front: bytes
    questions: bytes
    basic_questions: bytes
    proven: bytes
    turns: tuple[tuple[int, Turns], ...]
    needs: Mapping[str, tuple[tuple[int, FieldStep], ...]]


class Prospects:
    """Prospects over one rule set.

    Args:
        ruleset: The rules.
        space: All profiles as the verdict rules see them; None if there are too many.
        judge: Says how certain a conclusion is.
        slots: The place of each field among the observations.
        capacity: Most entries of a memory.

    Attributes:
        known: Prospects by position; for reading alone.
        memory: The same, to count in who looks.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        space: DecisionSpace | None,
        judge: Judge,
        slots: Mapping[str, int],
        capacity: int,
    ):
        self._vocabulary = ruleset.vocabulary
        self._judge = judge
        self._slots = slots
        self._finder = None if space is None else NeedFinder(ruleset, space, capacity)
        self._flips = None if space is None else FlipFinder(ruleset.vocabulary, space, capacity)
        self.memory: Memory[Position, Prospect] = Memory("positions", capacity)
        self._fronts: Memory[tuple[str, str, tuple[str, ...]], bytes] = Memory(
            "fronts", capacity
        )
        self._steps: Memory[tuple[FieldStep, Observation], bytes] = Memory("changes", capacity)
        self._margins: Memory[tuple[Turns, Observation], bytes] = Memory("margins", capacity)
        self.known = self.memory.known

    def learn(self, rule: VerdictRule, position: Position | None, facts: Facts) -> Prospect:
        """The prospect of a profile for which a verdict rule concluded.

        Raises:
            InferenceError: The decision diagram says another path.
        """
        if position is None:
            return self._write(self._judge.judge(rule, facts))
        return self.memory.add(position, self._write(self._judge.judge_at(rule, position)))

    def _write(self, verdict: Verdict) -> Prospect:
        key = verdict.path, verdict.certainty, verdict.possible
        questions, few = self._questions(verdict) if verdict.open_fields else (b"", b"")
        return Prospect(
            path=verdict.path,
            certainty=verdict.certainty,
            front=self._fronts.known.get(key) or self._fronts.add(key, _front(*key)),
            questions=questions,
            basic_questions=few,
            proven=_PROVEN if verdict.proven else b"",
            turns=self._turns(verdict.position),
            needs=self._needs(verdict.position),
        )

    def _questions(self, verdict: Verdict) -> tuple[bytes, bytes]:
        """All questions, and those of the smallest view."""
        questions = [_question(each, self._vocabulary) for each in verdict.open_fields]
        few = questions[:_MOST_BASIC_QUESTIONS]
        return (
            serialised(pb.Recommendation(next_questions=questions)),
            serialised(pb.Recommendation(next_questions=few)),
        )

    def _turns(self, position: Position | None) -> tuple[tuple[int, Turns], ...]:
        if position is None or self._flips is None:
            return ()
        return tuple((self._slots[turns.field], turns) for turns in self._flips.turns(position))

    def _needs(self, position: Position | None) -> dict[str, tuple[tuple[int, FieldStep], ...]]:
        if position is None or self._finder is None:
            return {}
        needs = self._finder.needs(position)
        return {
            path: tuple((self._slots[step.field], step) for step in steps)
            for path, steps in needs.items()
        }

    def margins(self, prospect: Prospect, observations: Observations) -> list[bytes]:
        """How far the numbers of a profile are from changing the path, serialised."""
        parts = []
        known = self._margins.known
        self._margins.asked += len(prospect.turns)
        for slot, turns in prospect.turns:
            key = turns, observations[slot]
            parts.append(known.get(key) or self._margins.add(key, self._margin(*key)))
        return parts

    def _margin(self, turns: Turns, observation: Observation) -> bytes:
        assert isinstance(observation.value, int | float)
        assert self._flips is not None
        margin = self._flips.margin(turns, observation.value)
        message = margin_message(margin, self._vocabulary)
        return serialised(pb.Recommendation(margins=[message]))

    def needs(self, prospect: Prospect, path: str, observations: Observations) -> list[bytes]:
        """What a path would need, as serialised parts of its assessment."""
        parts = []
        known = self._steps.known
        steps = prospect.needs.get(path, ())
        self._steps.asked += len(steps)
        for slot, step in steps:
            key = step, observations[slot]
            parts.append(known.get(key) or self._steps.add(key, self._step(*key)))
        return parts

    def _step(self, step: FieldStep, observation: Observation) -> bytes:
        facts: Facts = {} if observation.value is None else {step.field: observation.value}
        changes = field_changes([step], facts, self._vocabulary)
        return serialised(pb.PathAssessment(would_need=changes))

    def statistics(self) -> list[MemoryStatistics]:
        """How the memories did so far."""
        return [
            self.memory.statistics(),
            self._steps.statistics(),
            self._margins.statistics(),
        ]


def _front(path: str, certainty: str, possible: tuple[str, ...]) -> bytes:
    front = pb.Recommendation(
        path=path_number(path),
        certainty=pb.Certainty.Value(f"CERTAINTY_{certainty}"),
        possible_paths=[path_number(each) for each in possible],
    )
    return serialised(front)


def _question(about: OpenField, vocabulary: Vocabulary) -> pb.NextQuestion:
    field = vocabulary.fields[about.field]
    options = field.values if field.kind in (Kind.CHOICE, Kind.SET) else ()
    return pb.NextQuestion(
        field=about.field,
        question=vocabulary.words[about.field].question,
        options=options,
        could_lead_to=[path_number(path) for path in about.sways],
        essential=about.essential,
        settles=about.settles,
    )
