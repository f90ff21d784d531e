"""What operators do to a server at work: new rules, and new workers."""

from __future__ import annotations

import signal
from pathlib import Path

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.ruleset import Ruleset
from tests.server.rule_folders import RulesFolder

from . import cases
from .arena import Arena, Figures, figures
from .load import now

_DISTINCT_PROFILES = 200
_SENTENCE = ("fits best now", "suits best now")
_RELOADED, _REFUSED = "rules reloaded", "rules refused; those before still serve"


def workers_restarted(arena: Arena) -> Figures:
    """SIGUSR1: one worker after the other is replaced."""
    quick = ("--lame-duck-seconds", "0.2", "--drain-seconds", "0.5")
    server = arena.start("--workers", "2", *quick)
    faults = []
    with arena.load(server, connections=8) as load:
        for number in range(1, 1 + arena.scale):
            faults.append(now())
            server.signal(signal.SIGUSR1)
            server.wait_for_events("workers restarted", number)
            load.more(100)
    return figures(load, faults)


def rules_replaced(arena: Arena) -> Figures:
    """The rules folder changed again and again, to one of two rule sets, a third of the time
    to what is none."""
    folder = RulesFolder(arena.folder)
    first, second = Engine(load_ruleset(folder.path)), Engine(_second(folder))
    with first, second:
        path = arena.folder / "both.json"
        cases.write(path, _DISTINCT_PROFILES, first, second)
        digests = {first.ruleset.digest, second.ruleset.digest}
    flags = ("--rules", str(folder.path), "--rules-poll-seconds", "0.1")
    server = arena.start("--workers", "2", *flags)
    arena.cases = path
    faults, broken = [], 0
    reloads, between = 6 * arena.scale, 450 * arena.scale
    with arena.load(server, connections=8) as load:
        for number in range(1, 1 + reloads):
            faults.append(now())
            if number % 3 == 0:
                broken += 1
                folder.break_()
                server.wait_for_events(_REFUSED, broken)
                folder.mend()
            _turn(folder)
            server.wait_for_events(_RELOADED, number)
            load.more(between)
    assert set(load.report.by_ruleset) == digests
    return figures(load, faults)


def _second(folder: RulesFolder) -> Ruleset:
    _turn(folder)
    return load_ruleset(folder.path)


def _turn(folder: RulesFolder) -> None:
    """Makes of one rule set the other, and the other way round."""
    file: Path = folder.path / "topics" / "verdict.yaml"
    text = file.read_text()
    here, there = _SENTENCE if _SENTENCE[0] in text else reversed(_SENTENCE)
    draft = file.with_name("draft")
    draft.write_text(text.replace(here, there))
    draft.replace(file)
