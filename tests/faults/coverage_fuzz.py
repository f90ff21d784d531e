"""The fuzzer that looks for new branches: bytes in, by atheris, to methods in this process.

    python -m tests.faults.coverage_fuzz COUNTS CORPUS [options of libFuzzer]

Started by `fuzz` alone. The first byte of an input chooses the method, most often Recommend;
the rest is its request. A complaint ends the process with a traceback, and libFuzzer keeps the
input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rolefit.server", "rolefit.engine"]):
    from rolefit.engine import Engine, load_ruleset
    from tests.faults.callees import RECOMMEND, InProcess, methods

from tests.faults.oracle import Oracle

RECOMMEND_SHARE = 192
"""First bytes below this one choose Recommend. Unit: one in 256."""
_CASES_PER_NOTE = 200


def main() -> None:
    """Fuzzes until libFuzzer's limits end the process."""
    counts_file = Path(sys.argv.pop(1))
    engine = Engine(load_ruleset())
    oracle, callee = Oracle(engine), InProcess(engine)
    others = {path: kind for path, kind in methods().items() if path != RECOMMEND}
    paths = sorted(others)
    seen = 0

    def one(content: bytes) -> None:
        nonlocal seen
        choice, message = content[:1], content[1:]
        if not choice or choice[0] < RECOMMEND_SHARE:
            outcome = callee.call(RECOMMEND, message)
            complaints = oracle.complaints(message, outcome)
        else:
            path = paths[choice[0] % len(paths)]
            outcome = callee.call(path, message)
            complaints = oracle.complaints_of_other(others[path], message, outcome)
        if complaints:
            raise AssertionError(f"{complaints} for {content!r}")
        seen += 1
        if seen % _CASES_PER_NOTE == 0:
            counts_file.write_text(json.dumps(oracle.counts))

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
