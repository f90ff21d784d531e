"""Shadow evaluation: candidate rules are asked beside the live ones.

They run in a process of their own, so that neither their cost nor their faults reach calls.
What a decision costs here is one message to a socket that keeps messages whole and never
waits: if it is full, the decision is dropped and counted.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson

from rolefit.server import log
from rolefit.server.config import LogFormat
from rolefit.server.decision_record import encode_facts
from rolefit.server.snapshot import Decision

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_STEADY_SECONDS = 10.0
_LONGEST_START_SECONDS = 60.0
_LONGEST_STOP_SECONDS = 1.0
_QUEUE_BYTES = 512 * 1024
_LONGEST_REPORT = 2**18


class ShadowError(Exception):
    """The candidate rules cannot be asked; `str()` says why."""


@dataclass(frozen=True)
class ShadowStatus:
    """What became of the decisions that were to be held against the candidate rules.

    Attributes:
        digest: Digest of the candidate rules.
        compared: Decisions that both rule sets made.
        differing: Those of them with another path, by the live path and the candidate's.
        certainty_differing: Those with the same path and another certainty, likewise.
        failed: Decisions that the candidate rules failed to make.
        dropped: Decisions that were to be compared and were not, since the process was busy,
            dead or ended.
        restarts: How often its process was started again.
    """

    digest: str
    compared: int
    differing: dict[tuple[str, str], int]
    certainty_differing: dict[tuple[str, str], int]
    failed: int
    dropped: int
    restarts: int


class Shadow:
    """Asks candidate rules about a sample of the decisions; a `DecisionWatcher`.

    Args:
        rules: Folder of the candidate rules.
        sample: Share of the decisions, from 0 to 1.
        log_format: How the process writes its log lines, one for each difference.
    """

    def __init__(self, rules: Path, sample: float, log_format: LogFormat) -> None:
        self._rules = rules
        # Decision ids are random: their first digits choose, and anybody can tell which.
        self._below = round(sample * 16**8)
        self._log_format = log_format
        self._log = log.logger()
        self._digest = ""
        self._differing: collections.Counter[tuple[str, str]] = collections.Counter()
        self._certainty: collections.Counter[tuple[str, str]] = collections.Counter()
        self._compared = self._failed = self._dropped = self._restarts = 0
        self._pending = 0
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the candidate rules in a process of their own.

        Raises:
            ShadowError: They are broken, or the process failed.
        """
        await self._start()
        self._keeping = asyncio.ensure_future(self._keep())

    def decided(self, decision: Decision) -> None:
        """Hand a decision over, if it is in the sample; it never waits and never raises."""
        call, answer = decision.call, decision.answer
        if int(call.id[:8], 16) >= self._below:
            return
        if self._socket is None:
            self._dropped += 1
            return
        try:
            message = orjson.dumps(
                {
                    "decision_id": call.id,
                    "digest": decision.snapshot.ruleset.digest,
                    "path": answer.path,
                    "certainty": answer.certainty,
                    "facts": encode_facts(answer.facts),
                }
            )
            self._socket.send(message)
        except (OSError, TypeError):
            self._dropped += 1
        else:
            self._pending += 1

    def status(self) -> ShadowStatus:
        """Return what became of decisions so far."""
        return ShadowStatus(
            digest=self._digest,
            compared=self._compared,
            differing=dict(self._differing),
            certainty_differing=dict(self._certainty),
            failed=self._failed,
            dropped=self._dropped,
            restarts=self._restarts,
        )

    async def close(self) -> None:
        """End the process. What it has not compared yet is dropped."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        self._let_go()
        await self._end_process()
        status = self.status()
        self._log.info(
            "shadow ends",
            shadow_digest=status.digest,
            compared=status.compared,
            differing={f"{old} -> {new}": n for (old, new), n in status.differing.items()},
            failed=status.failed,
            dropped=status.dropped,
        )

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            ours.setblocking(False)
            # The queue between the processes; the kernel bounds it.
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUE_BYTES)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "rolefit.server.shadow_process"),
                *(str(theirs.fileno()), str(self._rules), self._log_format.value),
                stdin=asyncio.subprocess.DEVNULL,
                # Standard output may be the decision log.
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                # Ctrl-C at a terminal is for the server.
                start_new_session=True,
            )
        try:
            report = await asyncio.wait_for(_message(ours), _LONGEST_START_SECONDS)
        except (asyncio.TimeoutError, OSError):
            report = b""
        except BaseException:
            ours.close()
            raise
        said = json.loads(report or '{"failure": "its process failed at its start"}')
        if "failure" in said:
            ours.close()
            await self._end_process()
            raise ShadowError(said["failure"])
        self._digest = said["digest"]
        self._pending = 0
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours.fileno(), self._read)

    async def _keep(self) -> None:
        """Start the process again whenever it ends."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            since = loop.time()
            if self._process is not None:
                code = await self._process.wait()
                self._let_go()
                if loop.time() - since > _STEADY_SECONDS:
                    pause = _FIRST_PAUSE_SECONDS
                self._log.warning("shadow process ended", code=code, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self._restarts += 1
            try:
                await self._start()
            except (ShadowError, OSError) as error:
                self._process = None
                self._log.error("shadow process cannot start", cause=str(error), again_in=pause)

    def _read(self) -> None:
        """Take in what the process found since."""
        assert self._socket is not None
        try:
            message = self._socket.recv(_LONGEST_REPORT)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._let_go()
            return
        report = orjson.loads(message)
        self._compared += report["compared"]
        self._failed += report["failed"]
        self._pending -= report["compared"] + report["failed"]
        for counter, name in (
            (self._differing, "differing"),
            (self._certainty, "certainty_differing"),
        ):
            for old, new, count in report[name]:
                counter[old, new] += count

    def _let_go(self) -> None:
        """Close the socket; what was on its way is dropped."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            self._dropped += self._pending
            self._pending = 0

    async def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await asyncio.wait_for(process.wait(), _LONGEST_STOP_SECONDS)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _message(sock: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(sock, _LONGEST_REPORT)
