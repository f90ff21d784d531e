"""Has a rule set checked in a process of its own."""

import asyncio
import json
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
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rolefit.server.rules_check_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    order = json.dumps({"rules": bundle.to_text(), "verify": verify}).encode()
    limit = _PROOF_SECONDS if verify else _CHECK_SECONDS
    try:
        printed, _ = await asyncio.wait_for(process.communicate(order), limit)
    except asyncio.TimeoutError:
        raise RulesRefusedError(f"the check took longer than {limit:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        ended = how_it_ended(process.returncode or 0)
        raise RulesRefusedError(f"the check of these rules ended with {ended}")
    report = json.loads(printed)
    problems = report.pop("problems")
    if problems:
        raise RulesRefusedError("\n".join(problems))
    return CheckedRules(**report, bundle=bundle)
