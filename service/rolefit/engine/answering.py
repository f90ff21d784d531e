"""From observations to a serialised recommendation.

Rules observe a profile through their own conditions alone. So what a group of rules comes to
depends on the cells of the few fields that it reads and on a few signals; it is worked out
once for each combination of them: the rules engine fires the group, what follows is traced to
its evidence, and from then on it is remembered. The values themselves matter only to the
sentences and the evidence that show them; `parts.py` writes those once for each value shown.
Different profiles agree on most of this, so an answer is for the most part looked up and
joined. With all memories off the bytes are the same.

The loops here run some hundred times for each answer; lookups in them go to plain dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rolefit.engine.answer import Answer
from rolefit.engine.answer_parts import path_number
from rolefit.engine.assembly import COVERED, OPENNESS, PartWriter
from rolefit.engine.checks import signal_layers
from rolefit.engine.compilation import MET, Alternative, Program
from rolefit.engine.concluding import Concluder, signals_of
from rolefit.engine.decision_space import DecisionSpace
from rolefit.engine.explanation import Explainer
from rolefit.engine.facts import Facts
from rolefit.engine.grouping import subjects_of
from rolefit.engine.memory import Memory, MemoryStatistics
from rolefit.engine.observation import Cell, Observations, facts_of
from rolefit.engine.outcome import Fired, Sessions
from rolefit.engine.parts import Part, PartMaker
from rolefit.engine.places import Places, RuleParts
from rolefit.engine.prospects import Prospect, Prospects
from rolefit.engine.recall import Key, Layout, Progress, Recall, Slots, key_of
from rolefit.engine.ruleset import FITS, PATHS, FitRule, Rule, Ruleset, VerdictRule
from rolefit.engine.verdict import Judge
from rolefit.engine.wire import nested, serialised, tag
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1 import recommendation_service_pb2

View = recommendation_service_pb2.View
_BASIC, _FULL = View.VIEW_BASIC, View.VIEW_FULL

_ANSWER = pb.Recommendation.DESCRIPTOR.fields_by_name
_ASSESSMENTS, _COMPENSATION = tag(_ANSWER["assessments"]), tag(_ANSWER["compensation"])
_NO_POINTS = (0,) * len(PATHS)


@dataclass(frozen=True, eq=False)
class _Found:
    """What a group of findings came to.

    Attributes:
        fired: The rules.
        fixed: Parts by place.
        shown: Parts by place that show values.
        points: For each path, if fit rules fired.
    """

    fired: Fired
    fixed: tuple[tuple[int, Any], ...]
    shown: tuple[tuple[int, Part[Any]], ...]
    points: tuple[int, ...] | None


class Answerer:
    """Answers by one rule set. Not safe for concurrent use.

    Args:
        ruleset: The rules.
        program: The compiled rules.
        explainer: Traces what they derive to fields.
        sessions: Their sessions, by layer.
        space: All profiles as the verdict rules see them; None if there are too many.
        judge: Says how certain a conclusion is.
        fields: The fields, in the order of observations.
        capacity: Most entries of a memory; 0 remembers nothing.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        program: Program,
        explainer: Explainer,
        sessions: Sessions,
        space: DecisionSpace | None,
        judge: Judge,
        fields: Sequence[str],
        capacity: int,
    ):
        self._ruleset = ruleset
        self._program = program
        self._explainer = explainer
        self._rules = {rule.id: rule for rule in ruleset.rules}
        self._signals = [
            rule.signal for rules in signal_layers(ruleset.signals) for rule in rules
        ]
        self._answers = 0
        derived = [rule.signal for group in program.signals for rule in signals_of(group)]
        layout = Layout(fields, derived)
        slot_of = {field: slot for slot, field in enumerate(fields)}
        maker = PartMaker(ruleset.vocabulary, slot_of, capacity)
        self._maker = maker
        self._places = Places(ruleset, PartWriter(ruleset), maker)
        self._concluder = Concluder(
            ruleset, program, explainer, sessions, self._places, layout, capacity
        )
        self._prospects = Prospects(ruleset, space, judge, slot_of, capacity)
        self._finding: list[Recall[_Found]] = [
            Recall(group, layout.states, sessions, capacity) for group in program.findings
        ]
        self._layout = layout
        self._rule_keys = {
            rule.id: key_of(layout.states[subject] for subject in subjects_of(rule))
            for group in program.findings
            for rules in group.layers
            for rule in rules.rules
        }
        self._parts_of: Memory[tuple[object, Key], RuleParts] = Memory("rules", capacity)
        self._variables: Callable[[Slots], tuple[Cell, ...]] | None = None
        if space is not None:
            self._variables = key_of(slot_of[field] for field in space.fields)
        self._headlines = {rule.id: self._places.headline(rule) for rule in ruleset.verdicts}
        self._panels: Memory[tuple[str, str], Part[tuple[bytes, bytes]]] = Memory(
            "pay", capacity
        )
        self._heads: Memory[tuple[str, int | None, str], bytes] = Memory("heads", capacity)

    def answer(self, observations: Observations, view: View.ValueType) -> Answer:
        """The recommendation for one profile, without what it is to prepare.

        Raises:
            InferenceError: The rules engine failed, or the decision diagram disagrees.
        """
        self._answers += 1
        progress = Progress(observations)
        slots: Slots = [observation.cell for observation in observations]
        slots += self._layout.blank
        rule = self._concluder.conclude(slots, progress)
        prospect = self._prospect(rule, slots, observations)
        slots[self._layout.answer] = rule.path
        slots[self._layout.answer + 1] = prospect.certainty
        parts, points = self._find_all(slots, prospect, observations, progress)
        headline = self._headlines[rule.id]
        body = [prospect.front, headline.fixed or headline.of(observations)]
        if view == _BASIC:
            self._write_basic(body, parts, prospect)
        else:
            self._assess(body, rule, points, slots, parts, prospect, observations, progress)
            body += parts[self._places.findings]
            body.append(prospect.questions)
            body.append(self._seat(parts))
            body.append(self._pay(parts, rule.path, observations))
            if view == _FULL:
                body.append(self._trace(progress))
            body.append(prospect.proven)
            body += self._prospects.margins(prospect, observations)
        return Answer(
            b"".join(body), rule.path, prospect.certainty, lambda: self._traced(progress)
        )

    def infer(self, observations: Observations, certainty: str = "") -> tuple[str, set[str]]:
        """The path and the ids of all rules that fire, and nothing written about them.

        Args:
            observations: Those of a profile.
            certainty: Of the path, where it is known already; it is worked out otherwise.

        Raises:
            InferenceError: The rules engine failed, or the decision diagram disagrees.
        """
        progress = Progress(observations)
        slots: Slots = [observation.cell for observation in observations]
        slots += self._layout.blank
        rule = self._concluder.conclude(slots, progress)
        certainty = certainty or self._prospect(rule, slots, observations).certainty
        slots[self._layout.answer] = rule.path
        slots[self._layout.answer + 1] = certainty
        answer = self._program.answer_properties(rule.path, certainty)
        fired = [each.fired for each in progress.passed]
        fired += [recall.fire(recall.key(slots), answer) for recall in self._finding]
        return rule.path, set().union(*[each.sides[MET] for each in fired])

    def _prospect(
        self, rule: VerdictRule, slots: Slots, observations: Observations
    ) -> Prospect:
        position = None
        if self._variables is not None:
            position = tuple([cell.place for cell in self._variables(slots)])
            memory = self._prospects.memory
            memory.asked += 1
            known = memory.get(position)
            if known is not None:
                return known
        return self._prospects.learn(rule, position, facts_of(observations))

    def _find_all(
        self, slots: Slots, prospect: Prospect, observations: Observations, progress: Progress
    ) -> tuple[list[Any], list[int]]:
        """What the rules found: parts by place, and points for each path."""
        passed = progress.passed
        written = self._maker.written.known
        parts = self._places.blank[:]
        scores = [_NO_POINTS]
        for recall in self._finding:
            key = recall.key(slots)
            found = recall.memory.known.get(key) or self._find(recall, key, slots, prospect)
            for place, part in found.fixed:
                parts[place] = part
            for place, shown in found.shown:
                shows = shown, shown.key(observations)
                parts[place] = written.get(shows) or shown.of(observations)
            if found.points is not None:
                scores.append(found.points)
            passed.append(found)
        return parts, [sum(points) for points in zip(*scores, strict=True)]

    def _find(
        self, recall: Recall[_Found], key: Key, slots: Slots, prospect: Prospect
    ) -> _Found:
        known = recall.memory.get(key)
        if known is not None:
            return known
        answer = self._program.answer_properties(prospect.path, prospect.certainty)
        fired = recall.fire(key, answer)
        rules = [self._rules[rule_id] for rule_id in fired.sides[MET]]
        parts = [
            part
            for rule in rules
            for part in self._rule_parts(rule, fired.sides[MET][rule.id], slots)
        ]
        fits = [rule for rule in rules if isinstance(rule, FitRule)]
        points = (sum(rule.points for rule in fits if path in rule.paths) for path in PATHS)
        found = _Found(
            fired=fired,
            fixed=tuple((place, part.fixed) for place, part in parts if part.fixed),
            shown=tuple((place, part) for place, part in parts if not part.fixed),
            points=tuple(points) if fits else None,
        )
        return recall.memory.add(key, found)

    def _rule_parts(
        self, rule: Rule, alternatives: tuple[Alternative, ...], slots: Slots
    ) -> RuleParts:
        """The parts of a rule that fired by these alternatives."""
        key = alternatives, self._rule_keys[rule.id](slots)
        known = self._parts_of.get(key)
        if known is None:
            evidence = self._explainer.evidence_of(
                alternatives, lambda signal: self._layout.state(slots, signal).evidence
            )
            path = slots[self._layout.answer]
            known = self._parts_of.add(key, self._places.parts(rule, evidence, path))
        return known

    def _assess(
        self,
        body: list[bytes],
        rule: VerdictRule,
        points: list[int],
        slots: Slots,
        parts: list[Any],
        prospect: Prospect,
        observations: Observations,
        progress: Progress,
    ) -> None:
        """All five paths: the recommended first, then by fit, then open before closed."""
        openness = self._concluder.openness(slots, progress)
        ranks = [
            (PATHS[i] != rule.path, -points[i], OPENNESS[openness[i]], i)
            for i in range(len(PATHS))
        ]
        for beside, minus_points, _, i in sorted(ranks):
            path = PATHS[i]
            reasons = b"".join(parts[self._places.reasons[path]])
            against = [said for said in parts[self._places.against[path]] if said]
            why_not: dict[str, bytes] = {}
            if beside:
                for part in self._concluder.obstacles(path, rule, slots, progress):
                    why_not.setdefault(*(part.fixed or part.of(observations)))
            for sentence, said in against:
                why_not.setdefault(sentence, said)
            key = path, -minus_points if reasons or against else None, openness[i]
            head = self._heads.get(key) or self._heads.add(key, self._head(*key))
            needs = self._prospects.needs(prospect, path, observations)
            body.append(nested(_ASSESSMENTS, (head, reasons, *why_not.values(), *needs)))

    def _head(self, path: str, points: int | None, openness: str) -> bytes:
        """The beginning of an assessment; no points where no fit rule fired."""
        fit = "UNKNOWN"
        if points is not None:
            bands = self._ruleset.fit_bands
            fit = next((name for low, name in bands if points >= low), FITS[0])
        head = pb.PathAssessment(
            path=path_number(path),
            fit=pb.Fit.Value(f"FIT_{fit}"),
            open_now=pb.Ternary.Value(f"TERNARY_{openness}"),
        )
        return serialised(head)

    def _write_basic(self, body: list[bytes], parts: list[Any], prospect: Prospect) -> None:
        found = zip(parts[self._places.findings], self._places.basic, strict=True)
        body += [basic for part, basic in found if part]
        body.append(prospect.basic_questions)
        seat = pb.Recommendation.FromString(self._seat(parts))
        seat.seat.ClearField("evidence")
        body.append(serialised(seat))
        body.append(prospect.proven)

    def _seat(self, parts: list[Any]) -> bytes:
        seat: bytes = next(filter(None, parts[self._places.seats]))
        return seat

    def _pay(self, parts: list[Any], path: str, observations: Observations) -> bytes:
        """The panel about pay: its notes stand in the midst of what a statement says."""
        rule = next(filter(None, parts[self._places.pays]))
        key = rule.id, path
        panel = self._panels.get(key) or self._panels.add(key, self._places.panel(rule, path))
        front, back = panel.fixed or panel.of(observations)
        notes = parts[self._places.notes] if rule.value == COVERED else ()
        return nested(_COMPENSATION, (front, *notes, back))

    def _trace(self, progress: Progress) -> bytes:
        signals = progress.derivation().signals
        trace = pb.Trace(
            signals=[
                pb.Signal(name=name, value=pb.Ternary.Value(f"TERNARY_{signals[name]}"))
                for name in self._signals
            ],
            rules_fired=self._traced(progress)[1],
        )
        return serialised(pb.Recommendation(trace=trace))

    def _traced(self, progress: Progress) -> tuple[Facts, tuple[str, ...]]:
        derivation = progress.derivation()
        fired = (rule.id for rule in self._ruleset.rules if rule.id in derivation.met)
        return derivation.facts, tuple(fired)

    def close(self) -> None:
        """Lets go of parts; they and their maker hold each other."""
        self._maker.close()

    def statistics(self) -> list[MemoryStatistics]:
        """How the memories did so far."""
        findings = [recall.memory.statistics(self._answers) for recall in self._finding]
        return [*self._concluder.statistics(), *findings, *self._prospects.statistics()]
