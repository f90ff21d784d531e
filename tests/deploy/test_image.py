"""deploy/Dockerfile: what a linter says, what it promises, and that its steps work."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser

from rolefit.client import Client
from rolefit.server.config import ServerConfig, settings
from tests.deploy.conftest import CHECKOUT, skip_without
from tests.server.processes import alive, children, eventually

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCKERFILE = CHECKOUT / "deploy/Dockerfile"
BUILD_SECONDS = 900.0


@pytest.fixture(scope="module")
def instructions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DockerfileParser(str(DOCKERFILE)).structure
    return [each for each in found if each["instruction"] != "COMMENT"]


@pytest.fixture(scope="module")
def final(instructions: list[dict[str, Any]]) -> dict[str, str]:
    """The instructions of the last stage; of those given twice, the last."""
    names = [each["instruction"] for each in instructions]
    start = len(names) - names[::-1].index("FROM") - 1
    return {each["instruction"]: each["value"] for each in instructions[start:]}


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return found


def test_hadolint_has_no_complaint() -> None:
    beside_python = Path(sys.executable).with_name("hadolint")
    command = str(beside_python) if beside_python.exists() else shutil.which("hadolint")
    assert command is not None, "hadolint comes with the development dependencies"
    done = subprocess.run([command, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_its_python_can_run_the_service(
    instructions: list[dict[str, Any]], project: dict[str, Any]
) -> None:
    (version,) = (
        each["value"].removeprefix("PYTHON_VERSION=")
        for each in instructions
        if each["instruction"] == "ARG" and each["value"].startswith("PYTHON_VERSION=")
    )
    least, most = re.fullmatch(
        r">=3\.(\d+),<3\.(\d+)", project["project"]["requires-python"]
    ).groups()  # type: ignore[union-attr]
    assert int(least) <= int(version.removeprefix("3.")) < int(most)


def test_every_package_reaches_the_build(
    instructions: list[dict[str, Any]], project: dict[str, Any]
) -> None:
    copied = {
        source
        for each in instructions
        if each["instruction"] == "COPY" and not each["value"].startswith("--from")
        for source in each["value"].split()[:-1]
    }
    let_in = {
        line.removeprefix("!")
        for line in (CHECKOUT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == let_in
    for folder in project["tool"]["setuptools"]["package-dir"].values():
        assert any(Path(folder).is_relative_to(source) for source in copied), folder


def test_the_compiler_stays_behind(instructions: list[dict[str, Any]]) -> None:
    names = [each["instruction"] for each in instructions]
    stages = [i for i, name in enumerate(names) if name == "FROM"]
    assert len(stages) == 2
    last = [each for each in instructions[stages[1] :] if each["instruction"] == "RUN"]
    assert last == []


def test_signals_reach_the_server_and_not_a_shell(final: dict[str, str]) -> None:
    assert final["STOPSIGNAL"] == "SIGTERM"
    assert final["ENTRYPOINT"].startswith("[")
    assert final["CMD"].startswith("[")


def test_it_is_the_user_that_kubernetes_expects(final: dict[str, str]) -> None:
    deployment = (CHECKOUT / "deploy/kubernetes/base/deployment.yaml").read_text()
    user, group = final["USER"].split(":")
    assert int(user) > 0
    assert f"runAsUser: {user}\n" in deployment
    assert f"runAsGroup: {group}\n" in deployment


def test_its_variables_are_settings(final: dict[str, str]) -> None:
    variables = dict(each.split("=", 1) for each in final["ENV"].split() if "=" in each)
    ours = {name: value for name, value in variables.items() if name.startswith("ROLEFIT_")}
    assert ours.keys() <= {setting.variable for setting in settings()}
    assert ours["ROLEFIT_PORT"] == final["EXPOSE"] == str(ServerConfig().port)


class Container:
    """The process of an image that was built and started without a container engine."""

    def __init__(self, folder: Path, python: Path) -> None:
        self._output = folder / "output"
        layer = folder / "layer"
        layer.mkdir()
        steps = [sys.executable, "-m", "tests.deploy.image_steps", str(python), str(layer)]
        variables = ("ROLEFIT_HOST=127.0.0.1", "ROLEFIT_PORT=0", "ROLEFIT_WORKERS=2")
        with self._output.open("w") as output:
            self._unshared = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", *steps, *variables],
                cwd=CHECKOUT,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def serving_port(self) -> int:
        def serving() -> re.Match[str] | None:
            assert self._unshared.poll() is None, self.output
            return re.search(r'"port": (\d+).*"event": "serving"', self.output)

        found = eventually(serving, "a server in the image", BUILD_SECONDS)
        return int(found[1])

    @property
    def pid(self) -> int:
        """Process 1 of the container, as this machine numbers it."""
        (pid,) = children(self._unshared.pid)
        return pid

    def wait(self) -> int:
        return self._unshared.wait(60)

    def stop(self) -> None:
        if self._unshared.poll() is None:
            self._unshared.kill()
            self._unshared.wait()


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        skip_without("only root can make the file system of an image")
    python = Path(sys.executable).resolve()
    for tool in ("python", "pip"):
        if not python.with_name(tool).exists():
            skip_without(f"there is no {tool} beside {python}")
    started = Container(tmp_path_factory.mktemp("image"), python)
    yield started
    started.stop()


def test_its_steps_give_a_server_that_answers_and_stops(container: Container) -> None:
    port = container.serving_port()
    status = Path(f"/proc/{container.pid}/status").read_text()
    assert re.search(r"^NSpid:\t\d+\t1$", status, re.MULTILINE), "the server is process 1"
    assert "Uid:\t65532\t65532\t65532\t65532" in status
    assert "CapBnd:\t0000000000000000" in status
    root = Path(f"/proc/{container.pid}/root")
    with pytest.raises(OSError, match="Read-only file system"):
        (root / "opt/rolefit/written").touch()

    with Client(f"127.0.0.1:{port}") as client:
        assert client.recommend({"temperament": {"first_instinct": "DEPLOY"}}).headline
    asked = in_container(container, f"ROLEFIT_PORT={port}")
    assert (asked.returncode, asked.stdout) == (0, "SERVING\n"), asked.stderr
    deaf = in_container(container, "ROLEFIT_PORT=1")
    assert deaf.returncode == 1

    workers = children(container.pid)
    os.kill(container.pid, signal.SIGTERM)
    assert container.wait() == 0, container.output
    assert '"event": "stopped"' in container.output
    assert not any(alive(worker) for worker in workers)


def in_container(container: Container, variable: str) -> subprocess.CompletedProcess[str]:
    """Ask for its health as HEALTHCHECK does, as the same user on the same root."""
    healthcheck = ("/opt/rolefit/bin/python", "/opt/rolefit/libexec/healthcheck.py")
    return subprocess.run(
        [
            *("nsenter", "--target", str(container.pid), "--mount", "--root", "--pid"),
            *("setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups"),
            *("env", variable, *healthcheck),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
