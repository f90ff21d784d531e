"""Loads rules, runs them over a profile and explains the outcome. Knows no gRPC.

with Engine(load_ruleset()) as engine:
    answer = engine.recommend(CandidateProfile())
"""

from rolefit.engine.errors import InferenceError, Problem, RulesetError
from rolefit.engine.loading import load_ruleset
from rolefit.engine.recommender import Engine

__all__ = ["Engine", "InferenceError", "Problem", "RulesetError", "load_ruleset"]
