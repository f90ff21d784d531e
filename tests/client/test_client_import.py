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
        "import sys; from rolefit.client import *; print(set(sys.modules) & "
        "{'typer', 'rich', 'yaml', 'rolefit.engine', 'rolefit.server'})"
    )
    assert done.stdout == "set()\n", done.stderr


def test_the_classes_of_answers_wait_for_the_first_answer() -> None:
    done = run(
        "import sys; from rolefit.client import Client; Client('localhost:1').close(); "
        "print(sorted(n for n in sys.modules if n in "
        "{'rolefit.client.answer', 'rolefit.client.reading', 'rolefit.client.catalogue'}))"
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_recommendation_needs_no_classes_of_other_answers() -> None:
    done = run(
        "import sys; from rolefit.client import cli, reading; "
        "print([n for n in ('change', 'comparison', 'catalogue') "
        "if f'rolefit.client.{n}' in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


def test_every_name_of_the_package_is_there_and_listed_before_it_is_used() -> None:
    done = run(
        "import rolefit.client as client; "
        "print(set(client.__all__) - set(dir(client)), "
        "[n for n in client.__all__ if getattr(client, n).__name__ != n])"
    )
    assert done.stdout == "set() []\n", done.stderr


def test_a_name_that_is_not_there_is_said_so() -> None:
    done = run("import rolefit.client; rolefit.client.Cleint")
    assert done.returncode == 1
    assert "module 'rolefit.client' has no attribute 'Cleint'" in done.stderr
    done = run("from rolefit.client import Cleint")
    assert "cannot import name 'Cleint'" in done.stderr


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
