"""/livez and /readyz of real servers, and what the HTTP port does with odd clients."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .observing import free_port, get, status
from .processes import ServerProcess, eventually, run_command

Start = Callable[..., ServerProcess]
LINGERS = ("--lame-duck-seconds", "60", "--drain-seconds", "60")


@pytest.fixture(params=["1", "2"], ids=["alone", "two workers"])
def workers(request: pytest.FixtureRequest) -> str:
    count: str = request.param
    return count


def exchange(port: int, data: bytes) -> bytes:
    """Sends bytes, and returns everything that comes until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(data)
        received = b""
        while part := client.recv(65536):
            received += part
        return received


def test_ready_while_serving_but_not_while_draining(workers: str, start: Start) -> None:
    http = free_port()
    server = start("--workers", workers, "--http-port", str(http), *LINGERS)
    assert get(http, "/livez") == (200, "ok\n")
    assert get(http, "/readyz") == (200, "ok\n")
    server.signal(signal.SIGTERM)
    eventually(lambda: status(http, "/readyz") == 503, "it says that it leaves")
    assert get(http, "/livez")[0] == 200, "it must not be killed while it drains"
    assert get(http, "/metrics")[0] == 200
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert status(http, "/livez") is None


def test_alive_but_not_ready_while_no_worker_serves_yet(start: Start) -> None:
    http = free_port()
    server = start("--workers", "2", "--http-port", str(http))
    for pid in server.worker_pids:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: status(http, "/readyz") == 503, "nobody serves")
    assert get(http, "/livez")[0] == 200, "the supervisor is at work on it"
    eventually(lambda: status(http, "/readyz") == 200, "new workers serve")


def test_not_alive_once_every_worker_hangs(start: Start) -> None:
    http = free_port()
    server = start("--workers", "2", "--hang-seconds", "0", "--http-port", str(http))
    one, other = server.worker_pids
    os.kill(one, signal.SIGSTOP)
    for _ in range(3):
        assert get(http, "/livez") == (200, "ok\n"), "one of two is no reason to end both"
        assert get(http, "/readyz") == (200, "ok\n"), "one of two is enough"
    os.kill(other, signal.SIGSTOP)
    assert get(http, "/livez") == (503, "none of 2 workers answers\n")
    assert get(http, "/readyz")[0] == 503
    os.kill(one, signal.SIGCONT)
    os.kill(other, signal.SIGCONT)
    eventually(lambda: status(http, "/livez") == 200, "they go on")
    eventually(lambda: status(http, "/readyz") == 200, "they go on")


def test_a_supervisor_that_stood_still_takes_no_worker_for_dead(start: Start) -> None:
    http = free_port()
    server = start("--workers", "2", "--hang-seconds", "0", "--http-port", str(http))
    for pid in server.worker_pids:
        os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        probed = pool.submit(get, http, "/livez")
        time.sleep(0.5)  # it waits for a worker by now, or will, once it goes on
        server.signal(signal.SIGSTOP)
        for pid in server.worker_pids:
            os.kill(pid, signal.SIGCONT)
        time.sleep(4.0)  # the fault itself: longer than a worker has to answer
        server.signal(signal.SIGCONT)
        assert probed.result() == (200, "ok\n")


def test_odd_requests(workers: str, start: Start) -> None:
    http = free_port()
    start("--workers", workers, "--http-port", str(http))
    assert get(http, "/")[0] == 404
    assert get(http, "/metrics", "POST")[0] == 405
    assert get(http, "/readyz?verbose")[0] == 200
    assert exchange(http, b"\x16\x03\x01\x02\n\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert exchange(http, b"GET /livez HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    long = b"GET /livez HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000
    assert exchange(http, long).startswith(b"HTTP/1.1 431 ")
    assert get(http, "/livez")[0] == 200


def test_clients_that_say_nothing_are_few_and_soon_gone(start: Start) -> None:
    http = free_port()
    start("--workers", "1", "--http-port", str(http))
    silent = [socket.create_connection(("127.0.0.1", http), timeout=30) for _ in range(64)]
    try:
        # Those beyond the limit at once, the others once their time is over.
        assert [each.recv(1) for each in silent] == [b""] * 64
        assert get(http, "/livez")[0] == 200
    finally:
        for each in silent:
            each.close()


def test_a_taken_port_is_one_clear_line(workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_command(
            "serve", "--port", "0", "--workers", workers, "--http-port", str(port)
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"rolefit-server: cannot listen on 127.0.0.1:{port}: address already in use\n"
    )


def test_the_supervisor_stays_free_of_grpc(start: Start) -> None:
    http = free_port()
    server = start("--workers", "2", "--http-port", str(http))
    assert get(http, "/metrics")[0] == 200
    with open(f"/proc/{server.process.pid}/maps") as maps:
        assert "cygrpc" not in maps.read()
