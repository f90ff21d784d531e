"""deploy/systemd: to systemd's own checks, to the server's limits, and under the kernel's."""

from __future__ import annotations

import ctypes.util
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.client import Client
from rolefit.server import supervisor
from rolefit.server.config import settings
from tests.deploy import unit_file
from tests.deploy.conftest import CHECKOUT, skip_without
from tests.server.processes import COMMAND, ServerProcess
from tests.server.rule_folders import RulesFolder

CONFINED = (sys.executable, "-m", "tests.deploy.unit_confinement")
MOST_EXPOSURE = 1.5
"""From 0, nothing left to attack, to 10; systemd-analyze calls up to 2 "OK"."""


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        skip_without("systemd-analyze is not on PATH")
    return found


@pytest.fixture
def seccomp(analyze: str) -> None:
    if ctypes.util.find_library("seccomp") is None:
        skip_without("there is no libseccomp")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=False
    )


def test_systemd_understands_every_line(analyze: str, tmp_path: Path) -> None:
    # Where the server is installed, which this machine need not have.
    text = unit_file.UNIT.read_text().replace("/opt/rolefit/bin/rolefit-server", "/bin/true")
    copy = tmp_path / unit_file.UNIT.name
    copy.write_text(text)
    done = run(analyze, "verify", copy)
    complaints = [line for line in done.stderr.splitlines() if str(copy) in line]
    assert (done.returncode, complaints) == (0, []), done.stderr


def test_little_is_left_to_attack(analyze: str) -> None:
    limit = f"--threshold={round(MOST_EXPOSURE * 10)}"
    done = run(analyze, "security", "--offline=true", limit, unit_file.UNIT)
    assert done.returncode == 0, done.stdout
    assert "Overall exposure level" in done.stdout


def test_every_variable_is_a_setting() -> None:
    known = {setting.variable for setting in settings()}
    assert {*unit_file.environment()} <= known


def test_every_variable_shown_is_a_setting() -> None:
    known = {setting.variable for setting in settings()}
    assert {*unit_file.environment(commented=True)} <= known


def test_credentials_are_where_the_settings_say() -> None:
    text = unit_file.UNIT.read_text()
    named = [
        Path(value)
        for name, value in unit_file.environment(commented=True).items()
        if name.startswith("ROLEFIT_TLS_")
    ]
    assert len(named) == 3
    for path in named:
        assert path.parent == Path("/run/credentials") / unit_file.UNIT.name
        assert f"LoadCredential={path.name}:" in text


def test_the_server_is_given_the_time_that_it_takes_to_stop() -> None:
    set_here = unit_file.environment()
    longest = sum(
        float(set_here[f"ROLEFIT_{each}_SECONDS"]) for each in ("LAME_DUCK", "DRAIN", "GRACE")
    )
    (given,) = unit_file.directives()["TimeoutStopSec"]
    assert int(given) >= longest + supervisor._MARGIN_SECONDS + 5
    assert float(set_here["ROLEFIT_DRAIN_SECONDS"]) > 1.1 * float(
        set_here["ROLEFIT_CONNECTION_AGE_SECONDS"]
    )


@pytest.fixture
def rules(tmp_path: Path) -> RulesFolder:
    return RulesFolder(tmp_path)


@pytest.fixture
def confined(seccomp: None, tmp_path: Path, rules: RulesFolder) -> Iterator[ServerProcess]:
    server = ServerProcess(
        tmp_path,
        *("--workers", "2", "--rules", str(rules.path), "--rules-poll-seconds", "0"),
        environment=unit_file.environment(),
        command=(*CONFINED, *COMMAND),
    )
    yield server
    server.stop()


def test_the_server_works_under_the_limits_of_the_unit(confined: ServerProcess) -> None:
    for pid in (confined.process.pid, *confined.worker_pids):
        status = Path(f"/proc/{pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
    with Client(f"127.0.0.1:{confined.port}") as client:
        assert client.recommend({"temperament": {"first_instinct": "DEPLOY"}}).headline
    confined.stop()
    assert confined.process.returncode == 0


def test_reload_loads_new_rules_under_these_limits(
    confined: ServerProcess, rules: RulesFolder
) -> None:
    (reload,) = unit_file.directives()["ExecReload"]
    assert reload == "/bin/kill -HUP $MAINPID"
    rules.release("2.0.0")
    confined.signal(signal.SIGHUP)
    confined.wait_for_events("rules reloaded", 1)
    with Client(f"127.0.0.1:{confined.port}") as client:
        assert client.recommend({}).ruleset.version == "2.0.0"


@pytest.mark.usefixtures("seccomp")
def test_a_check_of_rules_can_give_way_to_the_calls() -> None:
    assert run(*CONFINED, sys.executable, "-c", "import os; os.nice(1)").returncode == 0


@pytest.mark.usefixtures("seccomp")
@pytest.mark.parametrize(
    "attempt",
    [
        "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import os; os.sched_setaffinity(0, os.sched_getaffinity(0))",
    ],
)
def test_these_limits_hold(attempt: str) -> None:
    assert run(sys.executable, "-c", attempt).returncode == 0, "else it proves nothing"
    assert run(*CONFINED, sys.executable, "-c", attempt).returncode != 0
