"""Writes what `replay` found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from rolefit.engine.ruleset import ALL_PATHS
from rolefit.server.replay import Replay, Tally


def replay_lines(found: Replay) -> Iterator[str]:
    """The matrix of paths, then every change with examples."""
    yield f"candidate rules {found.digest}"
    for digest, count in sorted(found.recorded.items()):
        yield f"{count:6} decisions by {digest}"
    for reason, count in sorted(found.not_replayable.items()):
        yield f"{count:6} not replayable: facts {reason}"
    if found.paths.counts:
        yield ""
        yield from _matrix(found.paths)
        yield ""
    yield from _changes(found.paths, "")
    yield from _changes(found.certainties, "same path, ")
    total = sum(found.paths.counts.values())
    yield f"{total:6} replayed: {found.changed} change their path"


def replay_json(found: Replay) -> dict[str, object]:
    """The same as a JSON object."""
    return {
        "digest": found.digest,
        "recorded": dict(sorted(found.recorded.items())),
        "replayed": sum(found.paths.counts.values()),
        "changed": found.changed,
        "not_replayable": dict(sorted(found.not_replayable.items())),
        "paths": _tally_json(found.paths),
        "certainties_of_same_path": _tally_json(found.certainties),
    }


def _matrix(tally: Tally) -> Iterator[str]:
    """Rows are recorded paths, columns those of the candidate rules."""
    seen = {path for change in tally.counts for path in change}
    paths = [path for path in ALL_PATHS if path in seen]
    wide = max(len("from \\ to"), *map(len, paths))
    yield "  ".join(("from \\ to".ljust(wide), *(path.rjust(6) for path in paths)))
    for old in paths:
        counts = (str(tally.counts.get((old, new), 0)).rjust(max(6, len(new))) for new in paths)
        yield "  ".join((old.ljust(wide), *counts))


def _changes(tally: Tally, prefix: str) -> Iterator[str]:
    for change, count in sorted(tally.counts.items()):
        old, new = change
        if old == new:
            continue
        named = tally.examples.get(change, [])
        more = ", ..." if count > len(named) else ""
        such = f", such as {', '.join(named)}{more}" if named else ""
        yield f"{count:6} {prefix}{old} -> {new}{such}"


def _tally_json(tally: Tally) -> list[dict[str, object]]:
    return [
        {
            "from": old,
            "to": new,
            "decisions": count,
            "examples": tally.examples.get((old, new), []),
        }
        for (old, new), count in sorted(tally.counts.items())
    ]
