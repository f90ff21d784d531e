"""Prints a digest of the full answers to all example candidates."""

from __future__ import annotations

import hashlib

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine, load_ruleset
from rolefit.v1.recommendation_service_pb2 import View
from tests.cases import CASES


def main() -> None:
    sha = hashlib.sha256()
    with Engine(load_ruleset()) as engine:
        for case in CASES:
            answer = engine.recommend(parse_profile(case["profile"]), View.VIEW_FULL)
            sha.update(answer.SerializeToString(deterministic=True))
    print(sha.hexdigest())


if __name__ == "__main__":
    main()
