"""Client for a rolefit server: which path in machine learning fits a person, and why.

    from rolefit.client import Client

    with Client("localhost:50051") as rolefit:
        answer = rolefit.recommend({"temperament": {"first_instinct": "DEPLOY"}})
        print(answer.path, answer.headline)

`AsyncClient` does the same for asyncio. Every failure is a `RolefitError`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolefit.client.answer import (
        Answer,
        CompensationPanel,
        Finding,
        Flip,
        Margin,
        NextQuestion,
        PathAssessment,
        PayBand,
        PayNote,
        PayOverlap,
        Reason,
        Recommendation,
        Seat,
        Signal,
        Trace,
    )
    from rolefit.client.catalogue import (
        ClaimEntry,
        CodeEntry,
        ComparisonCell,
        ComparisonRow,
        Convention,
        PathEntry,
        RuleEntry,
        RulesetEntry,
        Section,
        Statement,
        VocabularyEntry,
    )
    from rolefit.client.change import Change, Changes
    from rolefit.client.change_reading import read_changes
    from rolefit.client.client import AsyncClient, Client
    from rolefit.client.comparison import (
        Comparison,
        FieldDifference,
        FieldSet,
        ProfileComparison,
    )
    from rolefit.client.comparison_reading import read_comparison
    from rolefit.client.errors import (
        DeadlineExceeded,
        InvalidProfile,
        InvalidRequest,
        NotFound,
        Overloaded,
        PermissionDenied,
        RateExceeded,
        RolefitError,
        RulesetNotHeld,
        ServerUnavailable,
        Unauthenticated,
        Violation,
    )
    from rolefit.client.evidence import Evidence
    from rolefit.client.field_change import FieldChange
    from rolefit.client.options import RetryPolicy, TlsConfig
    from rolefit.client.preparation import (
        InterviewRound,
        Preparation,
        PreparationItem,
        PreparationPack,
        SkillGap,
    )
    from rolefit.client.profile import parse_profile
    from rolefit.client.reading import read_answer, read_pack
    from rolefit.client.ruleset import Ruleset
    from rolefit.client.vocabulary import (
        Certainty,
        ChangeGoal,
        ChangeOutcome,
        ClaimStrength,
        CompensationCoverage,
        Effort,
        FindingKind,
        Fit,
        Level,
        Path,
        PayNoteKind,
        Readiness,
        RuleLayer,
        Ternary,
    )

__all__ = [
    "Answer",
    "AsyncClient",
    "Certainty",
    "Change",
    "ChangeGoal",
    "ChangeOutcome",
    "Changes",
    "ClaimEntry",
    "ClaimStrength",
    "Client",
    "CodeEntry",
    "Comparison",
    "ComparisonCell",
    "ComparisonRow",
    "CompensationCoverage",
    "CompensationPanel",
    "Convention",
    "DeadlineExceeded",
    "Effort",
    "Evidence",
    "FieldChange",
    "FieldDifference",
    "FieldSet",
    "Finding",
    "FindingKind",
    "Fit",
    "Flip",
    "InterviewRound",
    "InvalidProfile",
    "InvalidRequest",
    "Level",
    "Margin",
    "NextQuestion",
    "NotFound",
    "Overloaded",
    "Path",
    "PathAssessment",
    "PathEntry",
    "PayBand",
    "PayNote",
    "PayNoteKind",
    "PayOverlap",
    "PermissionDenied",
    "Preparation",
    "PreparationItem",
    "PreparationPack",
    "ProfileComparison",
    "RateExceeded",
    "Readiness",
    "Reason",
    "Recommendation",
    "RetryPolicy",
    "RolefitError",
    "RuleEntry",
    "RuleLayer",
    "Ruleset",
    "RulesetEntry",
    "RulesetNotHeld",
    "Seat",
    "Section",
    "ServerUnavailable",
    "Signal",
    "SkillGap",
    "Statement",
    "Ternary",
    "TlsConfig",
    "Trace",
    "Unauthenticated",
    "Violation",
    "VocabularyEntry",
    "parse_profile",
    "read_answer",
    "read_changes",
    "read_comparison",
    "read_pack",
]

# Where each name is. A module is imported when a name of it is first asked for: who only wants
# a `Client` does not wait for classes of answers that it may never get.
_MODULES = {
    "answer": (
        "Answer",
        "CompensationPanel",
        "Finding",
        "Flip",
        "Margin",
        "NextQuestion",
        "PathAssessment",
        "PayBand",
        "PayNote",
        "PayOverlap",
        "Reason",
        "Recommendation",
        "Seat",
        "Signal",
        "Trace",
    ),
    "catalogue": (
        "ClaimEntry",
        "CodeEntry",
        "ComparisonCell",
        "ComparisonRow",
        "Convention",
        "PathEntry",
        "RuleEntry",
        "RulesetEntry",
        "Section",
        "Statement",
        "VocabularyEntry",
    ),
    "change": ("Change", "Changes"),
    "change_reading": ("read_changes",),
    "client": ("AsyncClient", "Client"),
    "comparison": ("Comparison", "FieldDifference", "FieldSet", "ProfileComparison"),
    "comparison_reading": ("read_comparison",),
    "errors": (
        "DeadlineExceeded",
        "InvalidProfile",
        "InvalidRequest",
        "NotFound",
        "Overloaded",
        "PermissionDenied",
        "RateExceeded",
        "RolefitError",
        "RulesetNotHeld",
        "ServerUnavailable",
        "Unauthenticated",
        "Violation",
    ),
    "evidence": ("Evidence",),
    "field_change": ("FieldChange",),
    "options": ("RetryPolicy", "TlsConfig"),
    "preparation": (
        "InterviewRound",
        "Preparation",
        "PreparationItem",
        "PreparationPack",
        "SkillGap",
    ),
    "profile": ("parse_profile",),
    "reading": ("read_answer", "read_pack"),
    "ruleset": ("Ruleset",),
    "vocabulary": (
        "Certainty",
        "ChangeGoal",
        "ChangeOutcome",
        "ClaimStrength",
        "CompensationCoverage",
        "Effort",
        "FindingKind",
        "Fit",
        "Level",
        "Path",
        "PayNoteKind",
        "Readiness",
        "RuleLayer",
        "Ternary",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # a type checker would take it to say that any name is there

    def __getattr__(name: str) -> object:
        """Import the module of a name, the first time that somebody asks for the name."""
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
        # The next time it is found without asking here.
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List what there is, imported or not."""
    return sorted({*globals(), *__all__})
