"""Answers in words for people: names of paths, yes and no, money."""

from __future__ import annotations

from google.protobuf.descriptor import EnumDescriptor

from rolefit.client.answer import PayBand
from rolefit.client.enum_names import short_names
from rolefit.client.vocabulary import Certainty, Effort, Fit, Level, Path, Readiness, Ternary

PATHS = {
    Path.ML_ENGINEER: "ML engineer",
    Path.RESEARCH_SCIENTIST: "Research scientist",
    Path.RESEARCH_ENGINEER: "Research engineer",
    Path.APPLIED_SCIENTIST: "Applied scientist",
    Path.ML_ENGINEER_MODEL_TEAM: "ML engineer on a model team",
    Path.UNDETERMINED: "Not decided yet",
    Path.UNSPECIFIED: "No path given",
    Path.UNRECOGNIZED: "A path this version does not know",
}

CERTAINTIES = {
    Certainty.CERTAIN: "certain: nothing still unknown can change it",
    Certainty.PROVISIONAL: "provisional: an open question could change it",
    Certainty.UNDETERMINED: "the profile cannot decide",
}

FITS = {
    Fit.STRONG: "strong",
    Fit.GOOD: "good",
    Fit.MIXED: "mixed",
    Fit.WEAK: "weak",
    Fit.UNKNOWN: "unknown",
}

# "Not yet", not "no": a path the record does not open today is never closed for good.
OPEN_NOW = {Ternary.YES: "yes", Ternary.NO: "not yet", Ternary.UNKNOWN: "unknown"}

READINESS = {
    Readiness.READY: "ready",
    Readiness.THIN: "thin",
    Readiness.MISSING: "missing",
    Readiness.UNKNOWN: "unknown",
}

# From most effort to least, as changes are ordered.
EFFORTS = {
    Effort.YEARS: "years of work",
    Effort.MONTHS: "months of work",
    Effort.WEEKS: "weeks of work",
    Effort.WISH: "another wish or taste",
    Effort.CONVERSATION: "a conversation",
}

LEVELS = {
    Level.EARLY: "early career",
    Level.MID: "mid-level",
    Level.SENIOR: "senior",
    Level.STAFF_PRINCIPAL: "staff or principal",
    Level.MANAGER_DIRECTOR: "manager or director",
}

# Of a question: no answers to others can settle the path without it.
ESSENTIAL = "essential"

# Short names that do not read well in lower case, whole and word by word.
_OPTIONS = {"BACHELORS": "bachelor's", "MASTERS": "master's"}
_ABBREVIATIONS = {"PHD": "PhD", "LLM": "LLM", "GPU": "GPU", "AI": "AI", "SAAS": "SaaS"}

_DASH = "\N{EN DASH}"
NOT_KNOWN = _DASH


def path_within(path: Path) -> str:
    """Name a path within a sentence: "research engineer", but "ML engineer"."""
    name = PATHS[path]
    return name if name[:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def would_lead_to(path: Path) -> str:
    """Say what a value that leads to a path would do."""
    if path is Path.UNDETERMINED:
        return "would leave it undecided"
    return f"would make it {path_within(path)}"


def number_words(value: float) -> str:
    """Write a number without the ``.0`` that no one says."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.10g}"


def pay_range(band: PayBand) -> str:
    """Write a band from low to high end in full dollars, with ``+`` if pay can go beyond."""
    return f"${band.low_usd:,}{_DASH}${band.high_usd:,}{'+' if band.open_ended else ''}"


def option_words(enum: EnumDescriptor, number: int) -> str:
    """Put a value of an enum of the profile in words."""
    name = short_names(enum)[number]
    if enum.name == Path.__name__:
        return PATHS[Path(name)]
    words = (_ABBREVIATIONS.get(word, word.lower()) for word in name.split("_"))
    return _OPTIONS.get(name) or " ".join(words)


def listed(items: list[str], conjunction: str = "or") -> str:
    """Join items as in a sentence: "a, b or c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"
