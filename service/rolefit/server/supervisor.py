"""A server with several workers: starts them, replaces those that die or hang, stops them.

It never imports grpc, whose threads and sockets a parent has no use for: a fault of gRPC, of
the engine's C code or of a request then costs one worker, never the supervisor.
"""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from typing import Any

from rolefit.server import log, metric_names, port_file, ports, standard_output
from rolefit.server.admin_keeper import AdminError, AdminKeeper
from rolefit.server.config import ServerConfig
from rolefit.server.control import Control, RestartError
from rolefit.server.probed import probes_served
from rolefit.server.process_end import how_it_ended
from rolefit.server.rules_bundle import FolderError, fingerprint, read_bundle
from rolefit.server.rules_check import CheckedRules, RulesRefusedError
from rolefit.server.rules_lifecycle import MemberGoneError, RulesLifecycle
from rolefit.server.worker_process import WorkerError, WorkerProcess
from rolefit.server.worker_reports import WorkerReports

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_STEADY_SECONDS = 10.0
"""A worker that lived this long was healthy: its replacement starts without a pause."""
_MOST_FAILED_STARTS = 5
_START_SECONDS = 60.0
_MARGIN_SECONDS = 5.0
"""What a worker gets on top of its own time limits before it is killed."""
_LOOKS_IN_HANG_TIME = 4


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_workers(config: ServerConfig, count: int) -> None:
    """Serve with `count` workers until a signal ends it.

    Raises:
        PortError: The address cannot be listened on.
        WorkerError: The workers cannot start.
        OSError: The port file cannot be written.
    """
    port_file.remove(config.port_file)
    # Held for as long as the server lives, so that the port stays ours between workers.
    with ports.claim(config.host, config.port, shared=True) as claimed:
        try:
            supervisor = _Supervisor(config, count, claimed.getsockname()[1])
            asyncio.run(supervisor.run())
        except (AdminError, FolderError) as error:
            raise WorkerError(str(error)) from None
        finally:
            port_file.remove(config.port_file)


class _Slot:
    """The place of one worker, which others take after it."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker = worker
        # Held by whoever puts another worker in.
        self.filling = asyncio.Lock()
        self._changed = asyncio.Event()

    def put(self, worker: WorkerProcess) -> None:
        self.worker = worker
        self._changed.set()

    async def worker_ends(self) -> None:
        """Wait until the worker ends or another is put in its place."""
        self._changed.clear()
        waits = [
            asyncio.ensure_future(self.worker.process.wait()),
            asyncio.ensure_future(self._changed.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()


class _Supervisor:
    def __init__(self, config: ServerConfig, count: int, port: int) -> None:
        self._config = config
        self._count = count
        self._port = port
        self._log = log.logger()
        self._output = standard_output.inheritable(config)
        self._stop = asyncio.Event()
        self._reports = WorkerReports(bool(config.http_port), count, self._stop.is_set)
        self._processes: set[WorkerProcess] = set()
        # Those that take part in a swap of rules, from just before they serve.
        self._joined: set[WorkerProcess] = set()
        self._slots: list[_Slot] = []
        self._seen = fingerprint(config.rules) if config.rules else ()
        self._first_bundle = read_bundle(config.rules)
        self._rules: RulesLifecycle | None = None
        self._admin: AdminKeeper | None = None
        self._restarting = False
        self._tasks: set[asyncio.Future[None]] = set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._forward, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        loop.add_signal_handler(signal.SIGUSR1, self._restart)
        async with probes_served(self._config, self._reports), self._reports.kept_fresh():
            await self._serve_to_the_end()
        self._log.info("stopped", pid=os.getpid())

    async def _serve_to_the_end(self) -> None:
        try:
            await self._serve()
        except BaseException:
            # Nobody was told of these workers, or none of them serves: no call to finish.
            self._stop.set()
            self._kill()
            raise
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            if self._admin is not None:
                await self._admin.stop()
            await self._all_gone()

    async def _serve(self) -> None:
        try:
            workers = await asyncio.gather(*(self._start() for _ in range(self._count)))
        except WorkerError:
            if self._stop.is_set():
                return
            raise
        self._slots = [_Slot(worker) for worker in workers]
        assert self._rules is not None
        if self._config.admin_port is not None:
            self._admin = AdminKeeper(self._config, Control(self._rules, self))
            await self._admin.start()
        port_file.write(self._config.port_file, self._port)
        self._log.info(
            "serving",
            host=self._config.host,
            port=self._port,
            **({"admin_port": self._admin.port} if self._admin else {}),
            workers=self._count,
            **workers[0].serving,
            pid=os.getpid(),
            worker_pids=[worker.process.pid for worker in workers],
        )
        self._run(self._rules.watch())
        self._run(self._watch_for_hangs())
        await asyncio.gather(*(self._keep(slot) for slot in self._slots))

    async def _start(self) -> WorkerProcess:
        """Start a worker and wait until it serves.

        Raises:
            WorkerError: It does not.
        """
        with self._reports.link() as inherited:
            worker = await WorkerProcess.spawn(
                "rolefit.server.worker", (*inherited, *self._output)
            )
        self._processes.add(worker)
        if self._stop.is_set():
            worker.kill()
        link = inherited[0] if inherited else None
        try:
            await asyncio.wait_for(self._bring_up(worker, link), _START_SECONDS)
        except BaseException as error:
            worker.kill()
            await worker.process.wait()
            self._gone(worker)
            if isinstance(error, asyncio.TimeoutError):
                late = f"a worker did not serve within {_START_SECONDS:g} s"
                raise WorkerError(late) from None
            raise
        return worker

    async def _bring_up(self, worker: WorkerProcess, report_link: int | None) -> None:
        bundle = self._rules.current.bundle if self._rules else self._first_bundle
        worker.send(
            {
                "config": self._config.to_json(),
                "port": self._port,
                "rules": bundle.to_text(),
                "report_link": report_link,
                "stdout": self._output,
            }
        )
        loaded = await worker.loaded()
        if self._rules is None:
            first = CheckedRules(**loaded, bundle=self._first_bundle)
            self._rules = RulesLifecycle(self._config, self._members, first, self._seen)
            self._reports.sources.add(metric_names.RULESET_RELOADS, self._rules.reloads)
        try:
            await self._rules.welcome(
                worker, loaded["digest"], lambda: self._joined.add(worker)
            )
        except (MemberGoneError, RulesRefusedError) as error:
            raise WorkerError(f"a worker cannot take the rules: {error}") from None
        await worker.serves()
        self._run(self._rules.hand_over(worker))

    def _members(self) -> list[WorkerProcess]:
        return [worker for worker in self._joined if worker.alive]

    async def _keep(self, slot: _Slot) -> None:
        """Replace the worker of a slot whenever it ends, until the server stops.

        Raises:
            WorkerError: No worker is left and none can be started.
        """
        quick_deaths = 0
        while True:
            worker = slot.worker
            await slot.worker_ends()
            if self._stop.is_set():
                return
            async with slot.filling:
                if slot.worker is not worker:
                    continue  # a restart put another in its place
                self._gone(worker)
                if time.monotonic() - worker.since > _STEADY_SECONDS:
                    quick_deaths = 0
                # One death may have any cause, and calls wait: no pause before the second.
                pause = _pause(quick_deaths)
                quick_deaths += 1
                self._log.warning(
                    "worker ended; another takes its place",
                    worker_pid=worker.process.pid,
                    ended=how_it_ended(worker.process.returncode or 0),
                    after_seconds=pause,
                )
                await self._stopped_within(pause)
                replacement = await self._replace()
                if replacement is None:
                    return
                slot.put(replacement)
                self._reports.restarts += 1
                self._log.info("worker serving", worker_pid=replacement.process.pid)

    async def _replace(self) -> WorkerProcess | None:
        failed = 0
        while not self._stop.is_set():
            try:
                return await self._start()
            except WorkerError as error:
                failed += 1
                if self._stop.is_set():
                    break
                # While others serve, by the rules they loaded, a start that fails is no
                # reason to stop them.
                if failed >= _MOST_FAILED_STARTS and not self._members():
                    raise
                pause = _pause(failed)
                self._log.error("worker cannot start", cause=str(error), again_in=pause)
                await self._stopped_within(pause)
        return None

    def listed(self) -> list[dict[str, Any]]:
        """Return what the admin service says of each worker."""
        return [
            {"pid": slot.worker.process.pid, "serving_since": slot.worker.serving_since}
            for slot in self._slots
            if slot.worker.alive
        ]

    async def restart(self) -> None:
        """Replace the workers one after another.

        Raises:
            RestartError: One did not start, or a restart is under way.
        """
        if self._restarting:
            raise RestartError("a restart is under way")
        self._restarting = True
        try:
            for slot in self._slots:
                await self._renew(slot)
        finally:
            self._restarting = False
        self._log.info("workers restarted", workers=len(self._slots))

    async def _renew(self, slot: _Slot) -> None:
        """Put a new worker into a slot, and return when the old one has drained."""
        async with slot.filling:
            old = slot.worker
            try:
                new = await self._start()
            except WorkerError as error:
                self._log.error("restart stopped; a worker cannot start", cause=str(error))
                raise RestartError(f"a worker did not start: {error}") from None
            slot.put(new)
        self._log.info(
            "worker replaced", worker_pid=old.process.pid, new_worker_pid=new.process.pid
        )
        if old.alive:
            old.process.terminate()
        try:
            await asyncio.wait_for(old.process.wait(), self._longest_stop)
        except asyncio.TimeoutError:
            self._log.error("worker did not stop in time and is killed")
            old.kill()
            await old.process.wait()
        self._gone(old)

    async def _watch_for_hangs(self) -> None:
        """Kill workers whose event loop has stood still for too long.

        Looks are counted, not seconds: if it is this process that stood still, it finds the
        signs of life of that time waiting before it has looked often enough.
        """
        pause = self._config.hang_seconds / _LOOKS_IN_HANG_TIME
        while pause:
            await asyncio.sleep(pause)
            for worker in self._members():
                worker.silent += 1
                if worker.silent > _LOOKS_IN_HANG_TIME:
                    self._log.error("worker hangs and is killed", worker_pid=worker.process.pid)
                    worker.kill()

    def _reload(self) -> None:
        if self._rules is not None:
            self._run(self._rules.try_reload())

    def _restart(self) -> None:
        async def restart() -> None:
            try:
                await self.restart()
            except RestartError as error:
                self._log.warning("no restart", cause=str(error))

        self._run(restart())

    def _forward(self, number: signal.Signals) -> None:
        self._stop.set()
        for worker in self._processes:
            if worker.alive:
                # One that is still starting has no handler yet, and would die of SIGINT
                # with a traceback.
                ready = bool(worker.serving)
                worker.process.send_signal(number if ready else signal.SIGTERM)

    @property
    def _longest_stop(self) -> float:
        config = self._config
        return (
            config.lame_duck_seconds
            + config.drain_seconds
            + config.grace_seconds
            + _MARGIN_SECONDS
        )

    async def _all_gone(self) -> None:
        ends = [asyncio.ensure_future(each.process.wait()) for each in self._processes]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=self._longest_stop)
        if late:
            self._log.error("workers did not stop in time and are killed", workers=len(late))
            self._kill()
            await asyncio.wait(late)

    def _gone(self, worker: WorkerProcess) -> None:
        self._processes.discard(worker)
        self._joined.discard(worker)

    def _kill(self) -> None:
        for worker in self._processes:
            worker.kill()

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _pause(times: int) -> float:
    """How long to wait after as many failures in a row. Unit: seconds."""
    if times == 0:
        return 0.0
    return min(_FIRST_PAUSE_SECONDS * 2.0 ** (times - 1), _LONGEST_PAUSE_SECONDS)
