"""Finds changes that reach a goal, and puts each to the rules before it is returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rolefit.engine.assembly import open_now
from rolefit.engine.change_messages import changed_profile, field_changes
from rolefit.engine.changes import ChangeFinder, Limits, SearchGivenUpError
from rolefit.engine.efforts import Steps
from rolefit.engine.errors import InferenceError
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.outcome import Outcome
from rolefit.engine.ruleset import Ruleset
from rolefit.v1.change_pb2 import Change, ChangeOutcome
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import View

# Changes returned unless asked otherwise; the contract says so too.
MOST_CHANGES = 5


@dataclass(frozen=True)
class Goal:
    """What to reach.

    Attributes:
        path: One of the five paths.
        to_open: Whether it is enough that the path is open now; else it has to be the
            recommendation.
        limits: Which changes to look for.
        most: Most changes to return.
    """

    path: str
    to_open: bool = False
    limits: Limits = field(default_factory=Limits)
    most: int = MOST_CHANGES


@dataclass(frozen=True)
class Reached:
    """What was found: the present path, whether and how the goal is reached, in a sentence."""

    path: str
    outcome: ChangeOutcome.ValueType
    changes: tuple[Change, ...]
    headline: str


class Search:
    """Searches over one rule set.

    Args:
        ruleset: The rules.
        changes: Finds changes; None if the rule set is too large to search.
        run: Fires the rules over facts.
        recommend: Answers a profile.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        changes: ChangeFinder | None,
        run: Callable[[Facts], Outcome],
        recommend: Callable[[CandidateProfile, View.ValueType], Recommendation],
    ):
        self._ruleset = ruleset
        self._changes = changes
        self._run = run
        self._recommend = recommend

    def reach(self, profile: CandidateProfile, goal: Goal) -> Reached:
        """The smallest changes of a valid profile that reach a goal.

        Raises:
            InferenceError: The rules engine failed, or does not confirm a change.
        """
        present = self._run(read_facts(profile))
        changes: list[Change] = []
        if self._holds(present, goal):
            outcome = ChangeOutcome.CHANGE_OUTCOME_ALREADY
        else:
            outcome = self._collect(profile, present.facts, goal, changes)
        return Reached(
            present.verdict.path, outcome, tuple(changes), _say(self._ruleset, goal, outcome)
        )

    def _collect(
        self, profile: CandidateProfile, facts: Facts, goal: Goal, changes: list[Change]
    ) -> ChangeOutcome.ValueType:
        """Adds changes; says how the search ended."""
        if self._changes is None:
            return ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN
        nothing = ChangeOutcome.CHANGE_OUTCOME_NONE_EXISTS
        proposals = self._changes.find(facts, goal.path, goal.to_open, goal.limits)
        try:
            for steps in proposals:
                changed = changed_profile(profile, steps)
                if not self._holds(self._run(read_facts(changed)), goal):
                    raise InferenceError(f"the rules do not confirm a change to {goal.path}")
                changes.append(self._change(facts, steps, changed))
                if len(changes) == goal.most:
                    break
        except SearchGivenUpError:
            nothing = ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN
        return ChangeOutcome.CHANGE_OUTCOME_FOUND if changes else nothing

    def _holds(self, outcome: Outcome, goal: Goal) -> bool:
        if goal.to_open:
            return open_now(self._ruleset, outcome.signals, goal.path) == "YES"
        return outcome.verdict.path == goal.path

    def _change(self, facts: Facts, steps: Steps, changed: CandidateProfile) -> Change:
        return Change(
            fields=field_changes(steps, facts, self._ruleset.vocabulary),
            profile=changed,
            recommendation=self._recommend(changed, View.VIEW_BASIC),
        )


# By outcome, the sentence about a change and the one about an opening.
_SENTENCES = {
    ChangeOutcome.CHANGE_OUTCOME_FOUND: ("change_found", "opening_found"),
    ChangeOutcome.CHANGE_OUTCOME_ALREADY: ("change_already", "opening_already"),
    ChangeOutcome.CHANGE_OUTCOME_NONE_EXISTS: ("change_none", "opening_none"),
    ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN: ("change_not_known", "change_not_known"),
}


def _say(ruleset: Ruleset, goal: Goal, outcome: ChangeOutcome.ValueType) -> str:
    sentence = ruleset.sentences[_SENTENCES[outcome][goal.to_open]]
    return sentence.render_words({"path": ruleset.paths[goal.path].label})
