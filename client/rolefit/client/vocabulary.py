"""The words an answer is made of: the enums of the contract by their short names."""

from __future__ import annotations

from enum import Enum


class Word(str, Enum):
    """An enum of the contract by its short names; each member is its name as a `str`.

    Two members are in every one of them: ``UNSPECIFIED``, which the server did not set, and
    ``UNRECOGNIZED``, a value that a newer server sent and this client has no name for yet
    (its number is in `Answer.message`).
    """

    def __str__(self) -> str:
        return str(self.value)


class Path(Word):
    """A career path in machine learning."""

    UNSPECIFIED = "UNSPECIFIED"
    ML_ENGINEER = "ML_ENGINEER"
    """Turns model capability into systems that people use."""
    RESEARCH_SCIENTIST = "RESEARCH_SCIENTIST"
    """Enlarges or deeply explains what models can do."""
    RESEARCH_ENGINEER = "RESEARCH_ENGINEER"
    """Bridge: engineering in service of research."""
    APPLIED_SCIENTIST = "APPLIED_SCIENTIST"
    """Bridge: research in service of a product."""
    ML_ENGINEER_MODEL_TEAM = "ML_ENGINEER_MODEL_TEAM"
    """Bridge: an ML engineer on a team that builds models."""
    UNDETERMINED = "UNDETERMINED"
    """The profile cannot decide; the answer says what to ask next."""
    UNRECOGNIZED = "UNRECOGNIZED"


class Certainty(Word):
    """How firm an answer is."""

    UNSPECIFIED = "UNSPECIFIED"
    CERTAIN = "CERTAIN"
    """No filling of the absent fields can change the path."""
    PROVISIONAL = "PROVISIONAL"
    """Some filling might change it; `Answer.next_questions` names the fields."""
    UNDETERMINED = "UNDETERMINED"
    """The profile cannot decide."""
    UNRECOGNIZED = "UNRECOGNIZED"


class Ternary(Word):
    """A yes, a no, or not known. Not a bool: compare it, do not test it."""

    UNSPECIFIED = "UNSPECIFIED"
    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"
    UNRECOGNIZED = "UNRECOGNIZED"


class Fit(Word):
    """How well the known facts match a path, from WEAK to STRONG; UNKNOWN without any."""

    UNSPECIFIED = "UNSPECIFIED"
    UNKNOWN = "UNKNOWN"
    WEAK = "WEAK"
    MIXED = "MIXED"
    GOOD = "GOOD"
    STRONG = "STRONG"
    UNRECOGNIZED = "UNRECOGNIZED"


class FindingKind(Word):
    """What sort of finding."""

    UNSPECIFIED = "UNSPECIFIED"
    CONTRADICTION = "CONTRADICTION"
    """Inputs disagree."""
    GATE = "GATE"
    """A condition of entry, met or not."""
    RISK = "RISK"
    """A hazard."""
    MISSING = "MISSING"
    """A fact missing from the profile."""
    EVIDENCE = "EVIDENCE"
    """Something that counts in the person's favour."""
    NEXT_STEP = "NEXT_STEP"
    """Something to do next."""
    NOTE = "NOTE"
    """Something to know."""
    UNRECOGNIZED = "UNRECOGNIZED"


class ClaimStrength(Word):
    """How flatly the guide states a claim; UNSPECIFIED if no claim is cited."""

    UNSPECIFIED = "UNSPECIFIED"
    PERMISSIVE = "PERMISSIVE"
    """ "May", "can"."""
    HEDGED = "HEDGED"
    """ "Often", "usually"."""
    FLAT = "FLAT"
    """Stated flatly."""
    UNRECOGNIZED = "UNRECOGNIZED"


class CompensationCoverage(Word):
    """Whether the guide has figures."""

    UNSPECIFIED = "UNSPECIFIED"
    COVERED = "COVERED"
    """Figures are given."""
    LEVEL_UNKNOWN = "LEVEL_UNKNOWN"
    """The level is absent."""
    OUTSIDE_US = "OUTSIDE_US"
    """The guide covers the US alone."""
    PATH_NOT_COVERED = "PATH_NOT_COVERED"
    """The guide has no figures for this path."""
    UNRECOGNIZED = "UNRECOGNIZED"


class PayNoteKind(Word):
    """What a note about pay is about."""

    UNSPECIFIED = "UNSPECIFIED"
    SHAPE = "SHAPE"
    """How pay is distributed on a track: smooth or spiky."""
    DRIVER = "DRIVER"
    """What drives the top of a band."""
    PREMIUM = "PREMIUM"
    """Where one track pays more than the other."""
    OVERTAKING = "OVERTAKING"
    """When one track can overtake the other. Always conditional."""
    CAVEAT = "CAVEAT"
    """What to keep in mind with any figure."""
    UNRECOGNIZED = "UNRECOGNIZED"


class Effort(Word):
    """What it takes a person to change a field."""

    UNSPECIFIED = "UNSPECIFIED"
    """Nobody can change the field, or the rule set does not say."""
    CONVERSATION = "CONVERSATION"
    """Asking or telling: the value is not known yet, or it is a matter of agreement."""
    WEEKS = "WEEKS"
    """Weeks of work."""
    MONTHS = "MONTHS"
    """Months of work."""
    YEARS = "YEARS"
    """Years of work."""
    WISH = "WISH"
    """A wish or a taste. It is what it is; it is changed only if the request allows it."""
    UNRECOGNIZED = "UNRECOGNIZED"


class ChangeGoal(Word):
    """What a change has to achieve."""

    UNSPECIFIED = "UNSPECIFIED"
    RECOMMENDED = "RECOMMENDED"
    """The target path is the recommendation."""
    OPEN = "OPEN"
    """The target path is open now, recommended or not."""
    UNRECOGNIZED = "UNRECOGNIZED"


class ChangeOutcome(Word):
    """What a search for changes found."""

    UNSPECIFIED = "UNSPECIFIED"
    FOUND = "FOUND"
    """Changes are listed."""
    ALREADY = "ALREADY"
    """The goal is met as the profile stands."""
    NONE_EXISTS = "NONE_EXISTS"
    """Proven: no change within the limits reaches the goal."""
    NOT_KNOWN = "NOT_KNOWN"
    """The search was given up, or the rule set is too large for it."""
    UNRECOGNIZED = "UNRECOGNIZED"


class Readiness(Word):
    """How the evidence for an interview round stands."""

    UNSPECIFIED = "UNSPECIFIED"
    READY = "READY"
    """There is evidence to bring."""
    THIN = "THIN"
    """There is some."""
    MISSING = "MISSING"
    """Looked at: there is none."""
    UNKNOWN = "UNKNOWN"
    """The profile does not tell."""
    UNRECOGNIZED = "UNRECOGNIZED"


class RuleLayer(Word):
    """Kinds of rules, in the order in which they run."""

    UNSPECIFIED = "UNSPECIFIED"
    SIGNAL = "SIGNAL"
    """Derives a signal."""
    FINDING = "FINDING"
    """Adds a finding."""
    FIT = "FIT"
    """Speaks for a path or against it."""
    VERDICT = "VERDICT"
    """Concludes the path."""
    STATEMENT = "STATEMENT"
    """Says something about a seat or about pay."""
    PREPARATION = "PREPARATION"
    """Says what to prepare."""
    UNRECOGNIZED = "UNRECOGNIZED"


class Level(Word):
    """Career level."""

    UNSPECIFIED = "UNSPECIFIED"
    EARLY = "EARLY"
    MID = "MID"
    SENIOR = "SENIOR"
    STAFF_PRINCIPAL = "STAFF_PRINCIPAL"
    MANAGER_DIRECTOR = "MANAGER_DIRECTOR"
    UNRECOGNIZED = "UNRECOGNIZED"
