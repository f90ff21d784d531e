"""Finds changes that reach a goal, and puts each to the rules before it is returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rolefit.engine.assembly import Assembler, View, open_now
from rolefit.engine.change_messages import changed_profile, field_changes
from rolefit.engine.changes import Limits, SearchGivenUpError, Steps
from rolefit.engine.errors import InferenceError
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.outcome import Outcome
from rolefit.v1.change_pb2 import Change, ChangeOutcome
from rolefit.v1.profile_pb2 import CandidateProfile

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


def reach(
    profile: CandidateProfile,
    goal: Goal,
    assembler: Assembler,
    run: Callable[[Facts], Outcome],
) -> Reached:
    """The smallest changes of a valid profile that reach a goal.

    Args:
        profile: The profile to start from.
        goal: What to reach.
        assembler: Writes answers, and has the finder of changes.
        run: Fires the rules over facts.

    Raises:
        InferenceError: The rules engine failed, or does not confirm a change.
    """
    present = run(read_facts(profile))
    changes: list[Change] = []
    if _holds(assembler, present, goal):
        outcome = ChangeOutcome.CHANGE_OUTCOME_ALREADY
    else:
        outcome = _collect(profile, present, goal, assembler, run, changes)
    return Reached(
        present.verdict.path, outcome, tuple(changes), _say(assembler, goal, outcome)
    )


def _collect(
    profile: CandidateProfile,
    present: Outcome,
    goal: Goal,
    assembler: Assembler,
    run: Callable[[Facts], Outcome],
    changes: list[Change],
) -> ChangeOutcome.ValueType:
    """Adds changes; says how the search ended."""
    if assembler.changes is None:
        return ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN
    nothing = ChangeOutcome.CHANGE_OUTCOME_NONE_EXISTS
    proposals = assembler.changes.find(present.facts, goal.path, goal.to_open, goal.limits)
    try:
        for steps in proposals:
            changed = changed_profile(profile, steps)
            after = run(read_facts(changed))
            if not _holds(assembler, after, goal):
                raise InferenceError(f"the rules do not confirm a change to {goal.path}")
            changes.append(_change(assembler, present, steps, changed, after))
            if len(changes) == goal.most:
                break
    except SearchGivenUpError:
        nothing = ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN
    return ChangeOutcome.CHANGE_OUTCOME_FOUND if changes else nothing


def _holds(assembler: Assembler, outcome: Outcome, goal: Goal) -> bool:
    if goal.to_open:
        return open_now(assembler.ruleset, outcome, goal.path) == "YES"
    return outcome.verdict.path == goal.path


def _change(
    assembler: Assembler,
    present: Outcome,
    steps: Steps,
    changed: CandidateProfile,
    after: Outcome,
) -> Change:
    return Change(
        fields=field_changes(steps, present.facts, assembler.ruleset.vocabulary),
        profile=changed,
        recommendation=assembler.recommendation(after, View.VIEW_BASIC),
    )


# By outcome, the sentence about a change and the one about an opening.
_SENTENCES = {
    ChangeOutcome.CHANGE_OUTCOME_FOUND: ("change_found", "opening_found"),
    ChangeOutcome.CHANGE_OUTCOME_ALREADY: ("change_already", "opening_already"),
    ChangeOutcome.CHANGE_OUTCOME_NONE_EXISTS: ("change_none", "opening_none"),
    ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN: ("change_not_known", "change_not_known"),
}


def _say(assembler: Assembler, goal: Goal, outcome: ChangeOutcome.ValueType) -> str:
    ruleset = assembler.ruleset
    sentence = ruleset.sentences[_SENTENCES[outcome][goal.to_open]]
    return sentence.render_words({"path": ruleset.paths[goal.path].label})
