"""Client for a rolefit server: which path in machine learning fits a person, and why.

    from rolefit.client import Client

    with Client("localhost:50051") as rolefit:
        answer = rolefit.recommend({"temperament": {"first_instinct": "DEPLOY"}})
        print(answer.path, answer.headline)

`AsyncClient` does the same for asyncio. Every failure is a `RolefitError`.
"""

from rolefit.client.answer import (
    Answer,
    CompensationPanel,
    Evidence,
    Finding,
    NextQuestion,
    PathAssessment,
    PayBand,
    Reason,
    Ruleset,
    Seat,
    Signal,
    Trace,
)
from rolefit.client.client import AsyncClient, Client
from rolefit.client.errors import (
    DeadlineExceeded,
    InvalidProfile,
    Overloaded,
    RolefitError,
    ServerUnavailable,
    Violation,
)
from rolefit.client.options import RetryPolicy, TlsConfig
from rolefit.client.profile import parse_profile
from rolefit.client.reading import read_answer
from rolefit.client.vocabulary import (
    Certainty,
    ClaimStrength,
    CompensationCoverage,
    FindingKind,
    Fit,
    Level,
    Path,
    Ternary,
)

__all__ = [
    "Answer",
    "AsyncClient",
    "Certainty",
    "ClaimStrength",
    "Client",
    "CompensationCoverage",
    "CompensationPanel",
    "DeadlineExceeded",
    "Evidence",
    "Finding",
    "FindingKind",
    "Fit",
    "InvalidProfile",
    "Level",
    "NextQuestion",
    "Overloaded",
    "Path",
    "PathAssessment",
    "PayBand",
    "Reason",
    "RetryPolicy",
    "RolefitError",
    "Ruleset",
    "Seat",
    "ServerUnavailable",
    "Signal",
    "Ternary",
    "TlsConfig",
    "Trace",
    "Violation",
    "parse_profile",
    "read_answer",
]
