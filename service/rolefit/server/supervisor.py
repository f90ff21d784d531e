"""A server with several workers: starts them, replaces those that die, stops them.

It never imports grpc, whose threads and sockets a parent has no use for: a fault of gRPC, of
the engine's C code or of a request then costs one worker, never the supervisor.
"""

import asyncio
import json
import os
import signal
import sys
import time
from typing import Any

from rolefit.server import log, port_file, ports, standard_output
from rolefit.server.config import ServerConfig
from rolefit.server.probed import probes_served
from rolefit.server.worker_reports import WorkerReports

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_STEADY_SECONDS = 10.0
"""A worker that lived this long was healthy: the next death starts from the first pause."""
_MOST_FAILED_STARTS = 5
_MARGIN_SECONDS = 5.0
"""What a worker gets on top of its own time limits before it is killed."""


class WorkerError(Exception):
    """The workers cannot start; `str()` says why, one line for each cause."""


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
        supervisor = _Supervisor(config, count, claimed.getsockname()[1])
        try:
            asyncio.run(supervisor.run())
        finally:
            port_file.remove(config.port_file)


class _Worker:
    """A worker process that serves, or did."""

    def __init__(self, process: asyncio.subprocess.Process, serving: dict[str, Any]) -> None:
        self.process = process
        self.serving = serving
        self.since = time.monotonic()


class _Supervisor:
    def __init__(self, config: ServerConfig, count: int, port: int) -> None:
        self._config = config
        self._count = count
        self._port = port
        self._log = log.logger()
        self._output = standard_output.inheritable(config)
        self._stop = asyncio.Event()
        self._processes: set[asyncio.subprocess.Process] = set()
        self._ready: set[asyncio.subprocess.Process] = set()
        self._reports = WorkerReports(bool(config.http_port), count, self._stop.is_set)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._forward, number)
        async with probes_served(self._config, self._reports), self._reports.kept_fresh():
            try:
                await self._serve()
            except BaseException:
                # Nobody was told of these workers, or none of them serves: no call to finish.
                self._stop.set()
                self._kill()
                raise
            finally:
                await self._all_gone()
        self._log.info("stopped", pid=os.getpid())

    async def _serve(self) -> None:
        try:
            workers = await asyncio.gather(*(self._start() for _ in range(self._count)))
        except WorkerError:
            if self._stop.is_set():
                return
            raise
        port_file.write(self._config.port_file, self._port)
        self._log.info(
            "serving",
            host=self._config.host,
            port=self._port,
            workers=self._count,
            **workers[0].serving,
            pid=os.getpid(),
            worker_pids=[worker.process.pid for worker in workers],
        )
        await asyncio.gather(*(self._keep(worker) for worker in workers))

    async def _start(self) -> _Worker:
        """Start a worker and wait until it serves.

        A fresh interpreter, by `subprocess` rather than `multiprocessing`: nothing of this
        process leaks into it, no helper process or thread is needed, and its two pipes are
        all the contact there is.
        """
        with self._reports.link() as inherited:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "rolefit.server.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # Ctrl-C at a terminal reaches this process alone, which passes it on once.
                start_new_session=True,
                pass_fds=(*inherited, *self._output),
            )
        self._processes.add(process)
        if self._stop.is_set():
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        order = {
            "config": self._config.to_json(),
            "port": self._port,
            "report_link": inherited[0] if inherited else None,
            "stdout": self._output,
        }
        process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await process.stdout.readline()
        report = json.loads(line) if line else {}
        if "serving" in report:
            self._ready.add(process)
            return _Worker(process, report["serving"])
        code = await process.wait()
        self._processes.discard(process)
        raise WorkerError(report.get("failure", f"a worker died at its start, {_ended(code)}"))

    async def _keep(self, worker: _Worker) -> None:
        """Replace `worker` whenever it ends, until the server stops.

        Raises:
            WorkerError: No worker is left and none can be started.
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            code = await worker.process.wait()
            self._processes.discard(worker.process)
            self._ready.discard(worker.process)
            if self._stop.is_set():
                return
            if time.monotonic() - worker.since > _STEADY_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            self._log.warning(
                "worker ended; another takes its place",
                worker_pid=worker.process.pid,
                ended=_ended(code),
                after_seconds=pause,
            )
            await self._stopped_within(pause)
            replacement = await self._replace(pause)
            if replacement is None:
                return
            worker = replacement
            self._reports.restarts += 1
            self._log.info("worker serving", worker_pid=worker.process.pid)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _replace(self, pause: float) -> _Worker | None:
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
                if failed >= _MOST_FAILED_STARTS and not self._ready:
                    raise
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                self._log.error("worker cannot start", cause=str(error), again_in=pause)
                await self._stopped_within(pause)
        return None

    def _forward(self, number: signal.Signals) -> None:
        self._stop.set()
        for process in self._processes:
            if process.returncode is None:
                # One that is still starting has no handler yet, and would die of SIGINT
                # with a traceback.
                ready = process in self._ready
                process.send_signal(number if ready else signal.SIGTERM)

    async def _all_gone(self) -> None:
        config = self._config
        limit = (
            config.lame_duck_seconds
            + config.drain_seconds
            + config.grace_seconds
            + _MARGIN_SECONDS
        )
        ends = [asyncio.ensure_future(process.wait()) for process in self._processes]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=limit)
        if late:
            self._log.error("workers did not stop in time and are killed", workers=len(late))
            self._kill()
            await asyncio.wait(late)

    def _kill(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True


def _ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
