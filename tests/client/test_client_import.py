from __future__ import annotations

import subprocess
import sys


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


BLOCK = """
import sys
for name in ("typer", "rich", "yaml", "google.rpc", "google.api", "grpc_status"):
    sys.modules[name] = None
"""


def test_the_client_needs_grpc_and_protobuf_alone() -> None:
    code = "from rolefit.client import *; print(Path.ML_ENGINEER)"
    done = run(f"{BLOCK}\n{code}")
    assert (done.returncode, done.stdout) == (0, "ML_ENGINEER\n"), done.stderr


def test_importing_the_client_brings_in_nothing_else() -> None:
    done = run(
        "import sys, rolefit.client; print(set(sys.modules) & "
        "{'typer', 'rich', 'yaml', 'rolefit.engine', 'rolefit.server'})"
    )
    assert done.stdout == "set()\n", done.stderr


def test_the_command_says_which_extra_it_needs() -> None:
    done = run(f"{BLOCK}\nfrom rolefit.client.__main__ import main; main()")
    assert done.returncode == 2
    assert done.stderr == "The rolefit command needs its extra: pip install 'rolefit[cli]'\n"


def test_the_command_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rolefit.client", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[:8]) == (0, "rolefit "), done.stderr
