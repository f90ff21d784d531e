"""The `rolefit-server` command: flags, environment, errors, rules."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pytest

from rolefit.server.__main__ import main
from rolefit.server.config import ConfigError, LogFormat, ServerConfig, settings

from .processes import ServerProcess, eventually, run_command

Start = Callable[..., ServerProcess]


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (["--port", "70000"], "--port"),
        (["--port", "x"], "--port"),
        (["--workers", "-1"], "--workers"),
        (["--drain-seconds", "-1"], "--drain-seconds"),
        (["--grace-seconds", "nan"], "--grace-seconds"),
        (["--max-in-flight", "0"], "--max-in-flight"),
        (["--log-format", "xml"], "--log-format"),
        (["--no-such-flag"], "--no-such-flag"),
    ],
)
def test_a_bad_flag_is_one_line_and_exit_code_2(
    arguments: list[str],
    flag: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # In this process, because starting one for each would be most of the time.
    monkeypatch.setattr("sys.argv", ["rolefit-server", "serve", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rolefit-server: ")
    assert flag in line


def test_a_bad_variable_is_named() -> None:
    done = run_command("serve", ROLEFIT_PORT="70000")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--port" in line
    assert "ROLEFIT_PORT" in line


def test_no_command_is_a_mistake_too() -> None:
    done = run_command()
    assert done.returncode == 2
    assert "--help" in done.stderr


def test_help_teaches_every_setting() -> None:
    done = run_command("serve", "--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for setting in settings():
        assert setting.flag in text
        assert f"env var: {setting.variable}" in text
        assert setting.about.text.split(".")[0] in text
        if isinstance(setting.default, LogFormat):
            assert f"default: {setting.default.value}" in text
        elif isinstance(setting.default, int | float) and setting.type is not bool:
            assert f"default: {setting.default}" in text


def test_version() -> None:
    done = run_command("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("rolefit-server ")


def test_variables_work_and_flags_outrank_them(start: Start) -> None:
    server = start("--log-format", "text", ROLEFIT_WORKERS="1", ROLEFIT_LOG_FORMAT="json")
    # Text is for terminals: no JSON, but the same words.
    eventually(lambda: "workers=1" in server.stderr, "a line at the start")
    assert server.events("serving") == []


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("reuse", [False, True], ids=["plain", "reuseport"])
def test_a_taken_port_is_refused(workers: str, reuse: bool) -> None:
    with socket.socket() as taken:
        if reuse:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run_command("serve", "--port", port, "--workers", workers)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "in use" in line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_second_server_on_the_port_is_refused(
    server: ServerProcess, pair: ServerProcess, workers: str
) -> None:
    for first in (server, pair):
        done = run_command("serve", "--port", str(first.port), "--workers", workers)
        assert done.returncode == 1
        assert f"127.0.0.1:{first.port}" in done.stderr


def test_a_host_that_is_not_here_is_refused() -> None:
    flags = ("--host", "192.0.2.1", "--port", "0", "--workers", "1", "--allow-plaintext")
    done = run_command("serve", *flags)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "192.0.2.1:0" in line


def test_a_port_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing" / "port")
    for workers in ("1", "2"):
        done = run_command("serve", "--port", "0", "--port-file", missing, "--workers", workers)
        assert done.returncode == 1
        (line,) = [each for each in done.stderr.splitlines() if each[:1] != "{"]
        assert "missing" in line


class Broken(NamedTuple):
    """A rules folder with one defect, and where that is: file:line."""

    folder: Path
    place: str


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    folder = tmp_path / "rules"
    shutil.copytree(str(resources.files("rolefit.rules")), folder)
    file = folder / "ruleset.yaml"
    text = file.read_text().rstrip("\n")
    file.write_text(f"{text}\nno_such_key: 1\n")
    return Broken(folder, f"ruleset.yaml:{len(text.splitlines()) + 1}")


def test_checking_the_rules_of_the_package() -> None:
    done = run_command("rules", "check")
    assert done.returncode == 0, done.stderr
    assert "sha256:" in done.stdout
    assert " rules, " in done.stdout


def test_checking_broken_rules(broken: Broken) -> None:
    done = run_command("rules", "check", str(broken.folder))
    assert done.returncode == 1
    assert broken.place in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_broken_rules_stop_the_start(broken: Broken, workers: str) -> None:
    done = run_command(
        "serve", "--port", "0", "--workers", workers, "--rules", str(broken.folder)
    )
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line[:1] != "{"]
    assert all(line.startswith("rolefit-server: ") for line in lines)
    assert sum(broken.place in line for line in lines) == 1


def test_settings_survive_the_way_to_a_worker() -> None:
    config = ServerConfig(
        port=1, rules=Path("/r"), log_format=LogFormat.TEXT, reflection=False, drain_seconds=0.5
    )
    assert ServerConfig.from_json(config.to_json()) == config
    assert ServerConfig.from_json(ServerConfig().to_json()) == ServerConfig()


def test_settings_are_checked_outside_the_command_too() -> None:
    with pytest.raises(ConfigError, match="--port must be from 0 to 65535, was 65536"):
        ServerConfig(port=65_536)
    with pytest.raises(ConfigError, match="--stall-seconds"):
        ServerConfig(stall_seconds=float("nan"))
