"""The built manifests, for the tests that need them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
KUBERNETES = CHECKOUT / "deploy/kubernetes"
VALIDATOR = CHECKOUT / ".venv-tools/validate"
KUSTOMIZATIONS = ("base", "plaintext", "mtls", "own-rules")

Validate = Callable[..., subprocess.CompletedProcess[str]]
Object = dict[str, Any]


def skip_without(what: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    message = f"{what}; ROLEFIT_REQUIRE_DEPLOY_TOOLS=1 makes that a failure"
    if os.environ.get("ROLEFIT_REQUIRE_DEPLOY_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def validate() -> Validate:
    """Builds kustomizations and checks every object, as deploy/validate does."""
    if not VALIDATOR.exists():
        skip_without("`make deploy-tool` has built no validator of manifests")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [VALIDATOR, *arguments], capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture(scope="session")
def kustomizations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/kubernetes in which own rules have been put where it says."""
    folder = tmp_path_factory.mktemp("deploy") / "kubernetes"
    shutil.copytree(KUBERNETES, folder, ignore=shutil.ignore_patterns("rules"))
    shutil.copytree(CHECKOUT / "rules", folder / "overlays/own-rules/rules")
    return folder


@pytest.fixture(scope="session")
def manifests(
    validate: Validate, kustomizations: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Object]]:
    """The objects of each kustomization."""
    out = tmp_path_factory.mktemp("manifests")
    folders = [kustomizations / "base", *sorted((kustomizations / "overlays").iterdir())]
    done = validate("-out", out, *folders)
    assert done.returncode == 0, done.stderr
    return {each.stem: list(yaml.safe_load_all(each.read_text())) for each in out.iterdir()}
