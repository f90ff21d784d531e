"""What lies around one profile: how firm its answer is, what to ask, what would change it.

All of it is a function of the profile's position in the decision space, so it is worked out
once for each position and remembered in serialised parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rolefit.engine.answer_parts import path_number
from rolefit.engine.change_messages import field_changes, margin_message
from rolefit.engine.decision_space import DecisionSpace, Position
from rolefit.engine.efforts import FieldStep, Steps
from rolefit.engine.facts import Facts
from rolefit.engine.fillings import Fillings, OpenField
from rolefit.engine.margins import FlipFinder, Turns
from rolefit.engine.memory import Memory, MemoryStatistics
from rolefit.engine.needs import NeedFinder
from rolefit.engine.observation import Observation, Observations
from rolefit.engine.ruleset import Ruleset, VerdictRule
from rolefit.engine.sections import Chain
from rolefit.engine.verdict import Judge, Verdict
from rolefit.engine.vocabulary import Kind
from rolefit.engine.wire import nested, serialised, tag
from rolefit.v1 import recommendation_pb2 as pb

# Questions in the smallest view.
_MOST_BASIC_QUESTIONS = 3
_PROVEN = serialised(pb.Recommendation(proven=True))
_QUESTION = tag(pb.Recommendation.DESCRIPTOR.fields_by_name["next_questions"])


class Prospect:
    """What lies around one position.

    Attributes:
        path: The path concluded.
        certainty: CERTAIN, PROVISIONAL or UNDETERMINED.
        front: Path, certainty and possible paths, serialised.
        questions: What to ask, serialised.
        basic_questions: The first of them.
        proven: Whether all fillings were looked at, serialised.
        turns: Where numbers change the path.
        needs: For each path what it would need.
    """

    # Made for most answers, so it is no dataclass: a frozen one takes several times as long.
    __slots__ = (
        "basic_questions",
        "certainty",
        "front",
        "needs",
        "path",
        "proven",
        "questions",
        "turns",
    )

    def __init__(
        self,
        verdict: Verdict,
        front: bytes,
        questions: tuple[bytes, bytes],
        turns: Sequence[Turns],
        needs: Mapping[str, Steps],
    ):
        self.path = verdict.path
        self.certainty = verdict.certainty
        self.front = front
        self.questions, self.basic_questions = questions
        self.proven = _PROVEN if verdict.proven else b""
        self.turns = turns
        self.needs = needs


class _Around(NamedTuple):
    """Looks around a position, section by section."""

    chain: Chain
    flips: FlipFinder
    needs: NeedFinder


class Prospects:
    """Prospects over one rule set.

    Args:
        ruleset: The rules.
        space: All profiles as the verdict rules see them; None if there are too many.
        judge: Says how certain a conclusion is.
        slots: The place of each field among the observations.
        capacity: Most entries of a memory.

    Attributes:
        memory: Prospects by position.
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
        self._around: _Around | None = None
        if space is not None:
            self._around = _Around(
                space.chain,
                FlipFinder(ruleset.vocabulary, space, capacity),
                NeedFinder(ruleset, space, capacity),
            )
        self.memory: Memory[Position, Prospect] = Memory("positions", capacity)
        self._fronts: Memory[tuple[str, str, tuple[str, ...]], bytes] = Memory(
            "fronts", capacity
        )
        # One for each field at most.
        self._asking: dict[str, bytes] = {}
        self._asked: Memory[Fillings, tuple[bytes, bytes]] = Memory("questions", capacity)
        self._steps: Memory[tuple[FieldStep, Observation], bytes] = Memory("changes", capacity)
        self._margins: Memory[tuple[Turns, Observation], bytes] = Memory("margins", capacity)

    def learn(self, rule: VerdictRule, position: Position | None, facts: Facts) -> Prospect:
        """The prospect of a profile for which a verdict rule concluded.

        Raises:
            InferenceError: The decision diagram says another path.
        """
        if position is None:
            return self._write(self._judge.judge(rule, facts))
        return self.memory.add(position, self._write(self._judge.judge_at(rule, position)))

    def _write(self, verdict: Verdict) -> Prospect:
        fillings, position = verdict.fillings, verdict.position
        key = verdict.path, verdict.certainty, fillings.possible
        front = self._fronts.get(key) or self._fronts.add(key, _front(*key))
        questions = self._asked.get(fillings) or self._asked.add(
            fillings, self._questions(fillings)
        )
        turns: Sequence[Turns] = ()
        needs: Mapping[str, Steps] = {}
        if position is not None and self._around is not None:
            standings = self._around.chain.standings(position)
            behaviours = tuple([standing.behaviour for standing in standings])
            ends = self._around.chain.ends(behaviours)
            turns = self._around.flips.turns(standings, ends)
            needs = self._around.needs.needs(standings)
        return Prospect(verdict, front, questions, turns, needs)

    def _questions(self, fillings: Fillings) -> tuple[bytes, bytes]:
        """All questions, and those of the smallest view."""
        questions = [nested(_QUESTION, self._question(each)) for each in fillings.open_fields]
        return b"".join(questions), b"".join(questions[:_MOST_BASIC_QUESTIONS])

    def _question(self, about: OpenField) -> tuple[bytes, bytes]:
        """What is asked, and what may come of it."""
        known = self._asking.get(about.field)
        if known is None:
            field = self._vocabulary.fields[about.field]
            asking = pb.NextQuestion(
                field=about.field,
                question=self._vocabulary.words[about.field].question,
                options=field.values if field.kind in (Kind.CHOICE, Kind.SET) else (),
            )
            known = self._asking[about.field] = serialised(asking)
        outcome = pb.NextQuestion(
            could_lead_to=[path_number(path) for path in about.sways],
            essential=about.essential,
            settles=about.settles,
        )
        return known, serialised(outcome)

    def margins(self, prospect: Prospect, observations: Observations) -> list[bytes]:
        """How far the numbers of a profile are from changing the path, serialised."""
        parts = []
        self._margins.asked += len(prospect.turns)
        for turns in prospect.turns:
            key = turns, observations[self._slots[turns.field]]
            parts.append(self._margins.get(key) or self._margins.add(key, self._margin(*key)))
        return parts

    def _margin(self, turns: Turns, observation: Observation) -> bytes:
        assert isinstance(observation.value, int | float)
        assert self._around is not None
        margin = self._around.flips.margin(turns, observation.value)
        message = margin_message(margin, self._vocabulary)
        return serialised(pb.Recommendation(margins=[message]))

    def needs(self, prospect: Prospect, path: str, observations: Observations) -> list[bytes]:
        """What a path would need, as serialised parts of its assessment."""
        parts = []
        steps = prospect.needs.get(path, ())
        self._steps.asked += len(steps)
        for step in steps:
            key = step, observations[self._slots[step.field]]
            parts.append(self._steps.get(key) or self._steps.add(key, self._step(*key)))
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
