from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from rolefit.engine import Engine, load_ruleset

# A connection of one test that ends during the next would print into what that captures. gRPC
# reads this when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

# Examples are cheap and shrinking is not needed to read a profile, so no deadline.
settings.register_profile(
    "rolefit", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
settings.load_profile("rolefit")

# Random profiles in each comparison of the engine with the reference evaluator.
DIFFERENTIAL_EXAMPLES = int(os.environ.get("ROLEFIT_DIFFERENTIAL_EXAMPLES", "2500"))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with Engine(load_ruleset()) as engine:
        yield engine
