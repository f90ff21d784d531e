"""Which changes a client asks the server to look for."""

from __future__ import annotations

from collections.abc import Sequence

from rolefit.client.enum_names import number_of, short_names
from rolefit.client.vocabulary import Effort
from rolefit.v1 import change_pb2, field_change_pb2

# A wish is no amount of work; whether wishes may change is asked for by itself.
MEASURED_EFFORTS = (Effort.CONVERSATION, Effort.WEEKS, Effort.MONTHS, Effort.YEARS)


def change_limits(
    *,
    max_changes: int | None,
    max_fields: int | None,
    max_effort: Effort | str | None,
    keep: Sequence[str],
    wishes_may_change: bool,
) -> change_pb2.ChangeLimits:
    """Write the limits of a search; see `Client.find_changes` for what each means.

    Raises:
        ValueError: A limit is not a valid one.

    """
    # A text is a sequence too, of letters; it would be refused letter by letter.
    if isinstance(keep, str):
        raise ValueError(f"keep must be a list of fields, not the text {keep!r}")
    limits = change_pb2.ChangeLimits(
        max_changes=max_changes,
        max_fields=max_fields,
        keep=keep,
        wishes_may_change=wishes_may_change,
    )
    if max_effort is not None:
        limits.max_effort = _effort_number(max_effort)
    return limits


def goal_number(goal: str) -> change_pb2.ChangeGoal.ValueType:
    """Return the number of a goal by its name.

    Raises:
        ValueError: There is no such goal.

    """
    enum = change_pb2.ChangeGoal
    return enum.ValueType(number_of(enum.DESCRIPTOR, "goal", goal))


def _effort_number(effort: str) -> field_change_pb2.Effort.ValueType:
    enum = field_change_pb2.Effort
    number = number_of(enum.DESCRIPTOR, "max_effort", effort)
    if short_names(enum.DESCRIPTOR)[number] not in MEASURED_EFFORTS:
        raise ValueError(
            f"max_effort must be one of {', '.join(MEASURED_EFFORTS)}, not {str(effort)!r}"
        )
    return enum.ValueType(number)
