"""What people at a shell see: grpcurl and buf."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .calls import SERVICE
from .processes import PATIENCE_SECONDS, ServerProcess

PROFILE = '{"profile": {"skills": {"model_depth": 4}}, "view": "VIEW_BASIC"}'


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


@pytest.fixture(scope="module")
def grpcurl() -> str:
    found = shutil.which("grpcurl")
    if found is None:
        message = "grpcurl is not on PATH; ROLEFIT_REQUIRE_GRPCURL=1 makes that a failure"
        if os.environ.get("ROLEFIT_REQUIRE_GRPCURL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def buf() -> tuple[str, ...]:
    beside_python = Path(sys.executable).with_name("buf")
    command = str(beside_python) if beside_python.exists() else shutil.which("buf")
    assert command is not None, "buf comes with the development dependencies"
    return (command, "curl", "--protocol", "grpc", "--http2-prior-knowledge")


def test_grpcurl_lists(grpcurl: str, server: ServerProcess) -> None:
    done = run(grpcurl, "-plaintext", f"127.0.0.1:{server.port}", "list")
    assert done.returncode == 0, done.stderr
    assert SERVICE in done.stdout.splitlines()


def test_grpcurl_describes(grpcurl: str, server: ServerProcess) -> None:
    target = (f"127.0.0.1:{server.port}", "describe")
    service = run(grpcurl, "-plaintext", *target, SERVICE)
    assert "rpc Recommend ( .rolefit.v1.RecommendRequest )" in service.stdout
    skills = run(grpcurl, "-plaintext", *target, "rolefit.v1.Skills")
    assert "optional int32 model_depth = 2" in skills.stdout


def test_grpcurl_recommends(grpcurl: str, server: ServerProcess) -> None:
    target = (f"127.0.0.1:{server.port}", f"{SERVICE}/Recommend")
    done = run(grpcurl, "-plaintext", "-d", PROFILE, *target)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recommendation"]["path"].startswith("PATH_")


def test_grpcurl_shows_what_is_wrong(grpcurl: str, server: ServerProcess) -> None:
    target = (f"127.0.0.1:{server.port}", f"{SERVICE}/Recommend")
    done = run(grpcurl, "-plaintext", "-d", PROFILE.replace("4", "9"), *target)
    assert done.returncode != 0
    assert "InvalidArgument" in done.stderr
    assert "profile.skills.model_depth" in done.stderr
    assert "must be a rating from 1 to 5, was 9" in done.stderr
    assert "INVALID_FIELD" in done.stderr


def test_buf_lists_and_recommends(buf: tuple[str, ...], server: ServerProcess) -> None:
    url = f"http://127.0.0.1:{server.port}"
    listed = run(*buf, "--list-services", url)
    assert SERVICE in listed.stdout.splitlines(), listed.stderr
    done = run(*buf, "-d", PROFILE, f"{url}/{SERVICE}/Recommend")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recommendation"]["path"].startswith("PATH_")
