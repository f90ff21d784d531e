"""The admin service: where it listens, and what it says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from rolefit.engine import load_ruleset

from .admin import admin_of
from .calls import EMPTY, channel, code, reason, send
from .processes import ServerProcess, eventually, run_command

Start = Callable[..., ServerProcess]


@pytest.fixture(params=["1", "2"])
def server(request: pytest.FixtureRequest, start: Start) -> ServerProcess:
    return start(
        "--workers",
        request.param,
        "--host",
        "0.0.0.0",
        "--allow-plaintext",
        "--admin-port",
        "0",
    )


def test_it_is_reached_from_this_machine_alone(server: ServerProcess) -> None:
    with admin_of(server) as admin:
        status = admin.status()
    assert status.rules.version == load_ruleset().version
    assert list(status.rules.held_digests) == [status.rules.digest]
    assert not status.rules.HasField("failing_since")
    assert len(status.workers) == server.events("serving")[0]["workers"]
    address = _own_address()
    # The service itself is reached there; it is the admin service that is not.
    socket.create_connection((address, server.port), timeout=20).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, server.events("serving")[0]["admin_port"]), 20)


def test_the_port_that_everybody_reaches_does_not_offer_it(server: ServerProcess) -> None:
    with channel(server.port) as opened:
        call: Any = opened.unary_unary("/rolefit.v1.AdminService/GetStatus")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=20)
    assert code(caught.value) == grpc.StatusCode.UNIMPLEMENTED


def test_a_digest_that_is_none_is_refused(server: ServerProcess) -> None:
    with admin_of(server) as admin, pytest.raises(grpc.RpcError) as caught:
        admin.roll_back("the one before")
    assert reason(caught.value) == "INVALID_FIELD"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_stops_the_start(workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_command("serve", "--port", "0", "--workers", workers, "--admin-port", port)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr.splitlines()[-1]


def test_its_process_is_replaced_on_the_same_port(start: Start) -> None:
    server = start("--workers", "2", "--admin-port", "0")
    listed = subprocess.run(
        ["pgrep", "-P", str(server.process.pid), "-f", "admin_process"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(listed.stdout), signal.SIGKILL)
    server.wait_for_events("admin service ended; another takes its place", 1)

    def answers() -> bool:
        try:
            with admin_of(server) as admin:
                return len(admin.status().workers) == 2
        except grpc.RpcError:
            return False

    eventually(answers, "an answer on the old port")
    with channel(server.port) as opened:
        assert send(opened, EMPTY).HasField("recommendation")


def _own_address() -> str:
    """An address of this machine that others would use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # no packet is sent
        except OSError:
            pytest.skip("this machine has no address but the loopback one")
        return str(probe.getsockname()[0])
