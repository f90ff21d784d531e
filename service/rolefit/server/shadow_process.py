"""The process of a shadow evaluation: `python -m rolefit.server.shadow_process`.

Its socket brings decisions, a message each, and takes reports of what it found. It ends when
the worker closes the socket, however that happened.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from rolefit.engine import Engine, InferenceError, RulesetError, load_ruleset
from rolefit.server import log
from rolefit.server.config import LogFormat
from rolefit.server.decision_record import decode_facts
from rolefit.server.log_chain import RecordError

_LONGEST_MESSAGE = 2**20
_MOST_IN_A_REPORT = 100
_NICER = 10


def main() -> int:
    """Compare until the socket ends; return the exit code."""
    descriptor, rules, log_format = sys.argv[1:]
    # The worker ends this process by the socket, after its own signals.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log.configure(LogFormat(log_format))
    with contextlib.suppress(OSError):
        os.nice(_NICER)  # calls come first
    with socket.socket(fileno=int(descriptor)) as worker:
        try:
            engine = Engine(load_ruleset(Path(rules)))
        except RulesetError as error:
            worker.send(json.dumps({"failure": " ".join(str(error).split())}).encode())
            return 2
        worker.send(json.dumps({"digest": engine.ruleset.digest}).encode())
        with engine, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            _compare_all(worker, _Comparison(engine))
    return 0


def _compare_all(worker: socket.socket, comparison: _Comparison) -> None:
    while message := worker.recv(_LONGEST_MESSAGE):
        comparison.add(json.loads(message))
        waiting = select.select([worker], [], [], 0)[0]
        if not waiting or comparison.size >= _MOST_IN_A_REPORT:
            worker.send(comparison.report())


class _Comparison:
    """What the candidate rules say, since the last report."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._log = log.logger()
        self._clear()

    def _clear(self) -> None:
        self._compared = self._failed = 0
        self._differing: collections.Counter[tuple[str, str]] = collections.Counter()
        self._certainty: collections.Counter[tuple[str, str]] = collections.Counter()

    @property
    def size(self) -> int:
        """How many decisions there were."""
        return self._compared + self._failed

    def add(self, decision: dict[str, Any]) -> None:
        """Ask the candidate rules; log a difference without any value of the profile."""
        about = {
            "decision_id": decision["decision_id"],
            "live_digest": decision["digest"],
            "shadow_digest": self._engine.ruleset.digest,
        }
        try:
            verdict = self._engine.run(decode_facts(decision["facts"])).verdict
        except (InferenceError, RecordError) as error:
            self._failed += 1
            self._log.error("shadow failed", cause=type(error).__name__, **about)
            return
        self._compared += 1
        live, candidate = (
            (decision["path"], decision["certainty"]),
            (verdict.path, verdict.certainty),
        )
        if live == candidate:
            return
        if live[0] != candidate[0]:
            self._differing[live[0], candidate[0]] += 1
        else:
            self._certainty[live[1], candidate[1]] += 1
        self._log.info(
            "shadow differs",
            live_path=live[0],
            shadow_path=candidate[0],
            live_certainty=live[1],
            shadow_certainty=candidate[1],
            **about,
        )

    def report(self) -> bytes:
        """Return what was found, and begin again."""
        report = {
            "compared": self._compared,
            "failed": self._failed,
            "differing": [[*paths, count] for paths, count in self._differing.items()],
            "certainty_differing": [[*each, n] for each, n in self._certainty.items()],
        }
        self._clear()
        return json.dumps(report).encode()


if __name__ == "__main__":
    sys.exit(main())
