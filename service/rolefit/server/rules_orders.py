"""What a process that serves is told about its rules, by `rules_lifecycle.py`.

- `prepare`: load the rules of a digest and keep them ready;
- `activate`: answer by them from now on, and keep those named beside them;
- `forget`: drop what was prepared in vain;
- `status`: take note of the state of the rules.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rolefit.engine import RulesetError
from rolefit.server.rules_bundle import RulesBundle
from rolefit.server.rules_status import RulesStatus
from rolefit.server.snapshot import Snapshots
from rolefit.server.snapshot_building import SelfTestError, build_beside_loop


class RulesOrders:
    """Carries them out.

    Args:
        snapshots: What to change.

    Attributes:
        show: Told of every state from when the server serves, to show it in its health.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        # One thread for all builds: each thread would keep freed memory of its own.
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="rules")
        self.show: Callable[[RulesStatus], Awaitable[None]] | None = None

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry an order out; return the reply, with a `failure` if it could not be done."""
        kind = order["order"]
        if kind == "prepare":
            return await self._prepare(order["digest"], order["rules"])
        if kind == "activate":
            self._snapshots.activate(order["digest"], order["held"])
        elif kind == "forget":
            self._snapshots.forget(order["digest"])
        if "status" in order:
            self._snapshots.status = RulesStatus.from_json(order["status"])
            if self.show is not None:
                await self.show(self._snapshots.status)
        return {}

    async def _prepare(self, digest: str, text: str) -> dict[str, Any]:
        if self._snapshots.has(digest):
            return {}
        try:
            bundle = RulesBundle.from_text(text)
            loop = asyncio.get_running_loop()
            snapshot = await loop.run_in_executor(self._builder, build_beside_loop, bundle)
        except (RulesetError, SelfTestError) as error:
            return {"failure": str(error)}
        except Exception as error:
            return {"failure": repr(error)}
        if snapshot.ruleset.digest != digest:
            return {"failure": f"they are {snapshot.ruleset.digest}, not {digest}"}
        self._snapshots.prepare(snapshot)
        return {}
