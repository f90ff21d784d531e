"""Writes what `log verify` found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from rolefit.server.log_verification import ChainCheck, LogCheck


def check_lines(check: LogCheck) -> Iterator[str]:
    """Every chain, then the breaks, the first one first."""
    for name, chain in check.chains.items():
        earlier = "" if chain.first == 1 else "; what came before is not among these files"
        yield (
            f"chain {name}: records {chain.first} to {chain.head.sequence}, "
            f"{chain.decisions} decisions, {_gaps(chain)}{earlier}"
        )
        how = "" if chain.ended else ", without a last word"
        yield f"  ends with {chain.head.hash}{how}"
    for each in check.breaks:
        yield f"{each.file}:{each.line}: {each.reason}"
    total = sum(chain.decisions for chain in check.chains.values())
    verdict = "broken" if check.breaks else "unbroken"
    yield f"{len(check.chains)} chains, {total} decisions: {verdict}"


def check_json(check: LogCheck) -> dict[str, object]:
    """The same as a JSON object."""
    return {
        "unbroken": not check.breaks,
        "chains": [
            {
                "chain": name,
                "first_sequence": chain.first,
                "last_sequence": chain.head.sequence,
                "last_hash": chain.head.hash,
                "decisions": chain.decisions,
                "gaps": chain.gaps,
                "lost": chain.lost,
                "gaps_of_unknown_size": chain.gaps_of_unknown_size,
                "ended": chain.ended,
                "unbroken": not chain.broken,
            }
            for name, chain in check.chains.items()
        ],
        "breaks": [
            {"file": str(each.file), "line": each.line, "reason": each.reason}
            for each in check.breaks
        ],
    }


def _gaps(chain: ChainCheck) -> str:
    if not chain.gaps:
        return "no gaps"
    unknown = (
        f", and {chain.gaps_of_unknown_size} of unknown size"
        if chain.gaps_of_unknown_size
        else ""
    )
    return f"{chain.gaps} gaps with {chain.lost} decisions lost{unknown}"
