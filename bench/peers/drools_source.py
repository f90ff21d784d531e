"""Formulas as Java: rules in Drools' executable model, and the class that runs them."""

from __future__ import annotations

from collections.abc import Iterator

from bench.peers.formulas import (
    CERTAINTY,
    NO,
    PATH,
    UNKNOWN,
    YES,
    Every,
    Formula,
    Formulas,
    Literal,
    Scalar,
    Some,
    Variables,
    literals,
)

CLASS = "RolefitRules"

_TEXT = """
import java.util.List;
import org.drools.model.Model;
import org.drools.model.Rule;
import org.drools.model.Variable;
import org.drools.model.impl.ModelImpl;
import org.drools.modelcompiler.KieBaseBuilder;
import org.kie.api.runtime.KieSession;
import org.kie.api.runtime.rule.FactHandle;
import static org.drools.model.DSL.declarationOf;
import static org.drools.model.DSL.on;
import static org.drools.model.PatternDSL.pattern;
import static org.drools.model.PatternDSL.rule;

public final class %(class)s {
    /** A profile: its variables, and the numbers of the rules that fired, as characters. */
    public static final class Profile {
        final double[] v;
        final boolean[] met = new boolean[%(rules)d];
        final StringBuilder fired = new StringBuilder(128);
        Profile(double[] values) { v = java.util.Arrays.copyOf(values, %(variables)d); }
        void fire(int rule) { met[rule] = true; fired.append((char) rule); }
        void refute(int rule) { met[rule] = true; }
    }
%(stages)s
    private final KieSession session;

    public %(class)s() {
        ModelImpl model = new ModelImpl();
%(calls)s
        session = KieBaseBuilder.createKieBaseFromModel(model).newKieSession();
    }

    public String decide(double[] values, double certainty) {
        Profile p = new Profile(values);
        FactHandle[] facts = new FactHandle[%(count)d];
%(flow)s
        for (FactHandle fact : facts) session.delete(fact);
        return p.fired.toString();
    }
%(classes)s
}
"""


class Numbers:
    """Variables as numbers: each has a place, each token a number of its own."""

    def __init__(self, formulas: Formulas):
        signals = [signal.variable for layer in formulas.signals for signal in layer]
        self.places = {
            name: place
            for place, name in enumerate([*formulas.unknown, *signals, PATH, CERTAINTY])
        }
        tokens = [each for each in formulas.unknown.values() if isinstance(each, str)]
        for formula in _all_formulas(formulas):
            for literal in literals(formula):
                tokens.extend(each for each in literal.constants if isinstance(each, str))
        tokens.extend(rule.path for rule in formulas.verdicts)
        self._tokens = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
        # Stands for every token that no rule asks for.
        self._other = len(self._tokens)

    def token(self, value: str) -> int:
        """The number of a token."""
        return self._tokens.get(value, self._other)

    def write(self, variables: Variables) -> list[float]:
        """The values of the variables of fields, in their places."""
        tokens, other = self._tokens, self._other
        return [
            tokens.get(value, other) if isinstance(value, str) else value
            for value in variables.values()
        ]

    def constant(self, value: Scalar) -> str:
        """A constant in Java."""
        return repr(float(self.token(value) if isinstance(value, str) else value))


def _all_formulas(formulas: Formulas) -> Iterator[Formula]:
    for layer in formulas.signals:
        for signal in layer:
            yield signal.yes
            yield signal.no
    for rule in (*formulas.early, *formulas.verdicts, *formulas.late):
        yield rule.when


class Source:
    """The Java source of a rule set.

    Attributes:
        text: A class whose `decide` takes the variables of fields and the certainty, and
            returns the number of the verdict that concludes, then those of the rules fired.
        rules: Ids of rules by number.
        numbers: How to write the variables.
    """

    def __init__(self, formulas: Formulas):
        self.numbers = Numbers(formulas)
        self.rules: list[str] = []
        self._classes: list[str] = []
        self._written: list[int] = []
        flow: list[str] = []
        for stage, layer in enumerate(formulas.signals):
            flow.append(_enter(stage))
            for signal in layer:
                yes = self._add(stage, signal.rule, signal.yes, "fire")
                no = self._add(stage, "", signal.no, "refute")
                place = self.numbers.places[signal.variable]
                flow.append(
                    f"p.v[{place}] = p.met[{yes}] == p.met[{no}] ? {UNKNOWN}"
                    f" : p.met[{yes}] ? {YES} : {NO};"
                )
        stage = len(formulas.signals)
        flow.append(_enter(stage))
        for rule in formulas.early:
            self._add(stage, rule.rule, rule.when, "fire")
        for place, rule in enumerate(formulas.verdicts):
            number = self._add(stage, rule.rule, rule.when, "fire")
            concluded = (
                f"p.v[{self.numbers.places[PATH]}] = {self.numbers.constant(rule.path)};"
            )
            flow.append(
                f"{'else ' if place else ''}if (p.met[{number}])"
                f" {{ p.fired.insert(0, (char) {place}); {concluded} }}"
            )
        flow.append(f"p.v[{self.numbers.places[CERTAINTY]}] = certainty;")
        flow.append(_enter(stage + 1))
        for rule in formulas.late:
            self._add(stage + 1, rule.rule, rule.when, "fire")
        self.text = self._text(stage + 2, flow)

    def _text(self, stages: int, flow: list[str]) -> str:
        indent = "\n        "
        return _TEXT % {
            "class": CLASS,
            "rules": len(self.rules),
            "variables": len(self.numbers.places),
            "stages": "".join(
                f"    /** A profile at stage {i}. */\n"
                f"    public static final class Stage{i} {{\n"
                f"        final Profile p;\n"
                f"        Stage{i}(Profile of) {{ p = of; }}\n    }}\n"
                for i in range(stages)
            ),
            "calls": "        "
            + indent.join(f"model.addRule(Rule{i}.make());" for i in self._written),
            "count": stages,
            "flow": "        " + indent.join(flow),
            "classes": "".join(self._classes),
        }

    def _add(self, stage: int, rule: str, when: Formula, action: str) -> int:
        """A rule that fires once for the profile where a formula holds.

        Each has a class of its own: javac's code for the lambdas of one class has a limit.
        """
        number = len(self.rules)
        self.rules.append(rule)
        if when == Some(()):
            return number
        parts = when.parts if isinstance(when, Every) else (when,)
        tests = "".join(self._test(part) for part in parts)
        self._classes.append(
            f"""
    static final class Rule{number} {{
        static Rule make() {{
            Variable<Stage{stage}> s = declarationOf(Stage{stage}.class);
            return rule("{number}").build(
                pattern(s){tests},
                on(s).execute(it -> it.p.{action}({number})));
        }}
    }}
"""
        )
        self._written.append(number)
        return number

    def _test(self, formula: Formula) -> str:
        text = self._java(formula)
        # Drools shares tests of the same name.
        return f'\n                    .expr("{text}", it -> {text})'

    def _java(self, formula: Formula) -> str:
        if isinstance(formula, Literal):
            return self._literal(formula)
        word = " && " if isinstance(formula, Every) else " || "
        return f"({word.join(map(self._java, formula.parts))})"

    def _literal(self, literal: Literal) -> str:
        variable = f"it.p.v[{self.numbers.places[literal.variable]}]"
        op, word = {"in": ("==", " || "), "not in": ("!=", " && ")}.get(
            literal.op, (literal.op, "")
        )
        tests = [f"{variable} {op} {self.numbers.constant(c)}" for c in literal.constants]
        return tests[0] if len(tests) == 1 else f"({word.join(tests)})"


def _enter(stage: int) -> str:
    return f"facts[{stage}] = session.insert(new Stage{stage}(p)); session.fireAllRules();"
