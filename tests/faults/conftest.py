"""An arena for each fault, over one set of profiles and answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rolefit.engine import Engine

from . import cases
from .arena import Arena

DISTINCT_PROFILES = 300


@pytest.fixture(scope="session")
def cases_file(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("cases") / "cases.json"
    cases.write(path, DISTINCT_PROFILES, engine)
    return path


@pytest.fixture
def arena(cases_file: Path) -> Iterator[Arena]:
    with Arena(cases_file) as each:
        yield each
