"""Has a rule set checked in a process of its own."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass

from rolefit.server.process_end import how_it_ended
from rolefit.server.rules_bundle import RulesBundle

_CHECK_SECONDS = 120.0
_PROOF_SECONDS = 3_600.0


class RulesRefusedError(Exception):
    """Rules that are not to serve; `str()` has one line for each problem."""


@dataclass(frozen=True)
class CheckedRules:
    """Rules that passed.

    Attributes:
        name: Name of the rule set.
        version: Its version.
        digest: Digest of its content.
        bundle: Its files.
    """

    name: str
    version: str
    digest: str
    bundle: RulesBundle


async def check_rules(bundle: RulesBundle, verify: bool) -> CheckedRules:
    """Load rules, try them, run their tests, and prove their properties if `verify` says so.

    Raises:
        RulesRefusedError: They did not pass.
    """
    order = json.dumps({"rules": bundle.to_text(), "verify": verify}).encode()
    limit = _PROOF_SECONDS if verify else _CHECK_SECONDS
    # In a thread: asyncio's own subprocess failed once under uvloop, "the handler is closed".
    process = await asyncio.to_thread(_start)
    try:
        printed, _ = await asyncio.to_thread(process.communicate, order, limit)
    except subprocess.TimeoutExpired:
        raise RulesRefusedError(f"the check took longer than {limit:g} s") from None
    finally:
        process.kill()  # upon which a thread that waits for it ends too
    if process.returncode != 0:
        ended = how_it_ended(process.returncode)
        raise RulesRefusedError(f"the check of these rules ended with {ended}")
    report = json.loads(printed)
    problems = report.pop("problems")
    if problems:
        raise RulesRefusedError("\n".join(problems))
    return CheckedRules(**report, bundle=bundle)


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "rolefit.server.rules_check_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
