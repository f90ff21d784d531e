"""Checks one rule set: `python -m rolefit.server.rules_check_process`, started by a reload.

A process of its own, so that the work takes nothing from the calls being answered, and so
that rules which crash the rules engine crash it where nobody is served. Standard input
brings what to check, standard output takes what came of it, both as JSON.
"""

import contextlib
import importlib.util
import json
import os
import sys
from typing import Any

from rolefit.engine import Engine, RulesetError, load_ruleset
from rolefit.engine.ruleset import Ruleset
from rolefit.server.rules_bundle import RulesBundle
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import VIEW_FULL
from rolefit.verification.rule_tests import load_rule_tests, run_rule_tests

_NICENESS = 10


def main() -> int:
    """Check what stands in standard input; return the exit code."""
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
    order = json.load(sys.stdin)
    # Only the report goes to the pipe: what libraries print goes to stderr.
    report_to = os.dup(1)
    os.dup2(2, 1)
    report = check(RulesBundle.from_text(order["rules"]), order["verify"])
    with os.fdopen(report_to, "w", encoding="utf-8") as pipe:
        json.dump(report, pipe)
    return 0


def check(bundle: RulesBundle, verify: bool) -> dict[str, Any]:
    """Load rules, let them answer, run their tests, and prove their properties if asked to."""
    root = bundle.root()
    ruleset: Ruleset | None = None
    try:
        ruleset = load_ruleset(root)
        with Engine(ruleset) as engine:
            engine.answer(engine.observe(CandidateProfile()), VIEW_FULL)
            results = run_rule_tests(engine, load_rule_tests(root, ruleset))
        problems = [line for result in results for line in result.failure_lines()]
        if verify and not problems:
            problems = _unproven(root, ruleset)
    except RulesetError as error:
        problems = [str(problem) for problem in error.problems]
    except Exception as error:
        problems = [f"the engine failed its self-test: {error!r}"]
    identity = (
        {"name": ruleset.name, "version": ruleset.version, "digest": ruleset.digest}
        if ruleset
        else {}
    )
    return {"problems": problems, **identity}


def _unproven(root: Any, ruleset: Ruleset) -> list[str]:
    if importlib.util.find_spec("z3") is None:
        return ["proofs need an extra: pip install 'rolefit[service,verify]'"]
    from rolefit.verification.proof_results import PROVEN
    from rolefit.verification.proofs import verify
    from rolefit.verification.properties import load_properties

    results = verify(ruleset, load_properties(root, ruleset)).results
    return [
        f"properties.yaml: {result.property.id}: {result.status}"
        + "".join(f"; {refutation.what}" for refutation in result.refutations[:1])
        for result in results
        if result.status != PROVEN
    ]


if __name__ == "__main__":
    sys.exit(main())
