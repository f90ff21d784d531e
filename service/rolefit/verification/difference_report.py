"""Writes what `rules diff` found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from rolefit.verification.difference import Difference
from rolefit.verification.proof_report import profile_line
from rolefit.verification.recorded import Recorded
from rolefit.verification.witness import nested

# Lines of recorded profiles named for each change.
_MOST_EXAMPLES = 5


def difference_lines(found: Difference) -> Iterator[str]:
    """Every change of path and of findings, each with a profile."""
    if found.equivalent:
        yield "equivalent: proven; every profile keeps its path and the codes of its findings"
        return
    if not found.moves and not any("path" in each for each in found.open):
        yield "no path changes: proven"
    for move in found.moves:
        yield f"{move.old} -> {move.new}"
        yield f"  {profile_line(move.profile)}"
    for change in found.findings:
        yield f"{change.code} {'gained' if change.gained else 'lost'}"
        yield f"  {profile_line(change.profile)}"
    for what in found.open:
        yield f"open: {what}"


def difference_json(found: Difference) -> dict[str, object]:
    """The same as a JSON object."""
    return {
        "equivalent": found.equivalent,
        "moves": [
            {"from": move.old, "to": move.new, "profile": nested(move.profile)}
            for move in found.moves
        ],
        "findings": [
            {"code": each.code, "gained": each.gained, "profile": nested(each.profile)}
            for each in found.findings
        ],
        "open": list(found.open),
    }


def recorded_lines(found: Recorded) -> Iterator[str]:
    """How many recorded profiles go from which path to which, changes first."""
    moved = sorted(found.lines, key=lambda paths: (paths[0] == paths[1], paths))
    for old, new in moved:
        numbers = found.lines[old, new]
        if old == new:
            yield f"{len(numbers):6} stay {old}"
            continue
        shown = ", ".join(map(str, numbers[:_MOST_EXAMPLES]))
        more = ", ..." if len(numbers) > _MOST_EXAMPLES else ""
        yield f"{len(numbers):6} {old} -> {new}, such as line {shown}{more}"
    yield f"{sum(map(len, found.lines.values())):6} profiles"


def recorded_json(found: Recorded) -> dict[str, object]:
    """The same as a JSON object."""
    return {
        "moves": [
            {"from": old, "to": new, "profiles": len(numbers), "lines": list(numbers)}
            for (old, new), numbers in found.lines.items()
        ]
    }
