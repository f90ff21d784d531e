"""The way through the engine: profile to facts to outcome to recommendation."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rolefit.engine.answer import Answer
from rolefit.engine.answering import Answerer, View
from rolefit.engine.changes import ChangeFinder
from rolefit.engine.checks import decisive_fields
from rolefit.engine.comparison import compare_answers
from rolefit.engine.compilation import compile_ruleset
from rolefit.engine.decision_space import DecisionSpace, SpaceSizeError
from rolefit.engine.explanation import Explainer
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.memory import MemoryStatistics
from rolefit.engine.observation import Observations, Observer, facts_of
from rolefit.engine.outcome import Outcome, run_preparation, run_rules, run_verdict
from rolefit.engine.preparation import PreparationWriter
from rolefit.engine.reaching import Goal, Reached, Search
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.speech import Speech
from rolefit.engine.verdict import Judge
from rolefit.engine.wire import serialised
from rolefit.v1.comparison_pb2 import Comparison
from rolefit.v1.preparation_pb2 import Preparation
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation

# Most entries of one memory: all memories of a busy engine take some 200 MB.
REMEMBERED = 20_000
# A lookup in an enum costs as much as a dozen in a dict.
_FULL = View.VIEW_FULL


@dataclass(frozen=True)
class Prepared:
    """What to prepare, and the path recommended."""

    path: str
    preparations: list[Preparation]


class Engine:
    """A compiled rule set with the state of the rules engine. Safe to share by threads.

    Args:
        ruleset: The rules.
        capacity: Most entries of each of its memories; 0 remembers nothing. Answers are the
            same whatever it is.

    Attributes:
        ruleset: The rules.
        program: The rules as the rules engine gets them.
        space: All profiles as the verdict rules see them; None if there are too many.
    """

    def __init__(self, ruleset: Ruleset, capacity: int = REMEMBERED):
        self.ruleset = ruleset
        self.program = compile_ruleset(ruleset)
        self.space = _space(ruleset, capacity)
        self._capacity = capacity
        self._explainer = Explainer(ruleset, self.program)
        self._changes = None if self.space is None else ChangeFinder(ruleset, self.space)
        self._sessions = {layer.name: LayerSession(layer) for layer in self.program.layers}
        self._begin()
        # Each call into the rules engine holds the interpreter lock, the sequence does not.
        self._lock = threading.Lock()

    def _begin(self) -> None:
        """Sets up all that remembers."""
        self._judge = Judge(
            self.ruleset, self.space, decisive_fields(self.ruleset), self._capacity
        )
        self._observer = Observer(self.program.projection, self.space, self._capacity)
        self._answerer = Answerer(
            self.ruleset,
            self.program,
            self._explainer,
            self._sessions,
            self.space,
            self._judge,
            self._observer.paths,
            self._capacity,
        )

    def forget(self) -> None:
        """Gives back the memory of all that was remembered; answers stay the same.

        It may take half a second, during which another thread may go on asking.
        """
        with self._lock:
            before = self._answerer
            self._begin()
        before.close()

    def run(self, facts: Facts) -> Outcome:
        """Fires the rules over facts.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        with self._lock:
            return run_rules(self.ruleset, self.program, self._sessions, self._judge, facts)

    def recall(self, profile: CandidateProfile) -> Observations | None:
        """What is seen of a profile; None if one of its values was not seen before.

        A profile of which all was seen before, field by field, is valid.
        """
        return self._observer.recall(profile)

    def observe(self, profile: CandidateProfile) -> Observations:
        """What is seen of a valid profile."""
        with self._lock:
            return self._observer.observe(profile)

    def answer(
        self, observations: Observations, view: View.ValueType = View.VIEW_STANDARD
    ) -> Answer:
        """The recommendation for an observed profile; the same bytes for equal profiles.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        with self._lock:
            answer = self._answerer.answer(observations, view)
        if view == _FULL:
            self._add_preparations(answer, facts_of(observations))
        return answer

    def infer(self, observations: Observations, certainty: str = "") -> tuple[str, set[str]]:
        """The path concluded for an observed profile, and the ids of all rules that fire.

        Args:
            observations: Those of a valid profile.
            certainty: Of the path, where it is known already; it is worked out otherwise.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        with self._lock:
            return self._answerer.infer(observations, certainty)

    def _add_preparations(self, answer: Answer, facts: Facts) -> None:
        message = Recommendation.FromString(answer.body)
        message.preparations.extend(self._prepare(self.run(facts)))
        answer.body = serialised(message)

    def recommend(
        self, profile: CandidateProfile, view: View.ValueType = View.VIEW_STANDARD
    ) -> Recommendation:
        """The recommendation for a valid profile, as a message.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        return Recommendation.FromString(self.answer(self.observe(profile), view).body)

    def prepare(self, profile: CandidateProfile, paths: Sequence[str] = ()) -> Prepared:
        """What to prepare for the paths.

        Without any: for the recommended one, and for the best other one whose interviews
        the guide describes.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        outcome = self.run(read_facts(profile))
        return Prepared(outcome.verdict.path, self._prepare(outcome, paths))

    def _prepare(self, outcome: Outcome, paths: Sequence[str] = ()) -> list[Preparation]:
        with self._lock:
            readiness = run_preparation(self.program, self._sessions, outcome)
        explanation = self._explainer.explain(outcome)
        writer = PreparationWriter(
            self.ruleset, Speech(self.ruleset), outcome, readiness, explanation
        )
        return [writer.write(path) for path in paths or writer.default_paths()]

    def cache_statistics(self) -> list[MemoryStatistics]:
        """How the engine's memories did so far."""
        return self._answerer.statistics()

    def compare(
        self,
        a: CandidateProfile,
        b: CandidateProfile,
        view: View.ValueType = View.VIEW_STANDARD,
    ) -> Comparison:
        """Both answers and what lies between them.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        facts = read_facts(a), read_facts(b)
        answers = self.recommend(a, view), self.recommend(b, view)
        return compare_answers(self.ruleset, facts, answers, self._path_of)

    def find_changes(self, profile: CandidateProfile, goal: Goal) -> Reached:
        """The smallest changes of a valid profile that reach a goal, confirmed by the rules.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        search = Search(self.ruleset, self._changes, self.run, self.recommend)
        return search.reach(profile, goal)

    def _path_of(self, facts: Facts) -> str:
        with self._lock:
            return run_verdict(self.ruleset, self.program, self._sessions, facts).path

    def close(self) -> None:
        """Frees the rules engine's memory. The engine cannot be used after that."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            # Those who share them must not reach what a later engine may have got instead.
            self._sessions.clear()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _space(ruleset: Ruleset, capacity: int) -> DecisionSpace | None:
    try:
        return DecisionSpace(ruleset, capacity)
    except SpaceSizeError:
        return None
