"""The way through the engine: profile to facts to outcome to recommendation."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rolefit.engine.answer import Answer
from rolefit.engine.assembly import Assembler, View
from rolefit.engine.checks import decisive_fields
from rolefit.engine.comparison import compare_answers
from rolefit.engine.compilation import compile_ruleset
from rolefit.engine.decision_space import DecisionSpace, SpaceSizeError
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.outcome import Outcome, run_preparation, run_rules, run_verdict
from rolefit.engine.reaching import Goal, Reached, reach
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.verdict import Judge
from rolefit.v1.comparison_pb2 import Comparison
from rolefit.v1.preparation_pb2 import Preparation
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation


@dataclass(frozen=True)
class Prepared:
    """What to prepare, and the path recommended."""

    path: str
    preparations: list[Preparation]


class Engine:
    """A compiled rule set with the state of the rules engine. Safe to share by threads.

    Attributes:
        ruleset: The rules.
        program: The rules as the rules engine gets them.
        space: All profiles as the verdict rules see them; None if there are too many.
    """

    def __init__(self, ruleset: Ruleset):
        self.ruleset = ruleset
        self.program = compile_ruleset(ruleset)
        self.space = _space(ruleset)
        self._assembler = Assembler(ruleset, self.program, self.space)
        self._judge = Judge(ruleset, self.space, decisive_fields(ruleset))
        self._sessions = {layer.name: LayerSession(layer) for layer in self.program.layers}
        # Each call into the rules engine holds the interpreter lock, the sequence does not.
        self._lock = threading.Lock()

    def run(self, facts: Facts) -> Outcome:
        """Fires the rules over facts.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        with self._lock:
            return run_rules(self.ruleset, self.program, self._sessions, self._judge, facts)

    def answer(
        self, profile: CandidateProfile, view: View.ValueType = View.VIEW_STANDARD
    ) -> Answer:
        """The same as `recommend`, serialised.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        outcome = self.run(read_facts(profile))
        message = self._recommendation(outcome, view)
        return Answer(
            body=message.SerializeToString(deterministic=True),
            path=outcome.verdict.path,
            certainty=outcome.verdict.certainty,
            facts=outcome.facts,
            rules_fired=tuple(r.id for r in self.ruleset.rules if r.id in outcome.met),
        )

    def recommend(
        self, profile: CandidateProfile, view: View.ValueType = View.VIEW_STANDARD
    ) -> Recommendation:
        """The recommendation for a valid profile; equal profiles give equal messages.

        Raises:
            InferenceError: The rules engine failed; the next call starts clean.
        """
        return self._recommendation(self.run(read_facts(profile)), view)

    def _recommendation(self, outcome: Outcome, view: View.ValueType) -> Recommendation:
        answer = self._assembler.recommendation(outcome, view)
        if view == View.VIEW_FULL:
            answer.preparations.extend(self._prepare(outcome))
        return answer

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
        return self._assembler.preparations(outcome, readiness, paths)

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
        return reach(profile, goal, self._assembler, self.run)

    def _path_of(self, facts: Facts) -> str:
        with self._lock:
            return run_verdict(self.ruleset, self.program, self._sessions, facts).path

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


def _space(ruleset: Ruleset) -> DecisionSpace | None:
    try:
        return DecisionSpace(ruleset)
    except SpaceSizeError:
        return None
