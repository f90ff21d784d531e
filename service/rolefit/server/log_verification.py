"""Checks the chains in the files of a decision log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolefit.server.log_chain import GENESIS, Head, RecordError, read_record


@dataclass(frozen=True)
class Break:
    """A place where a log is not what was written.

    Attributes:
        file: The file.
        line: The line, from 1.
        reason: What is wrong.
    """

    file: Path
    line: int
    reason: str


@dataclass
class ChainCheck:
    """A chain in a log.

    Attributes:
        first: Sequence of its first record in these files; more than 1 if earlier files are
            not among them.
        head: Its last record before the first break.
        decisions: Its decisions.
        gaps: Its records that say that decisions are missing.
        lost: Decisions missing by these records.
        gaps_of_unknown_size: Those of these records that do not know how many.
        ended: Whether its last record says that the process ended in order. If not, it is
            being written, the process died, or its end was taken away.
        broken: Whether it breaks; what comes after is not counted.
    """

    first: int
    head: Head
    decisions: int = 0
    gaps: int = 0
    lost: int = 0
    gaps_of_unknown_size: int = 0
    ended: bool = False
    broken: bool = False

    def count(self, record: dict[str, Any]) -> None:
        """Count a record."""
        self.decisions += "decision" in record
        self.ended = "stop" in record
        if "loss" in record:
            self.gaps += 1
            missing = record["loss"].get("decisions")
            self.lost += missing or 0
            self.gaps_of_unknown_size += missing is None


@dataclass
class LogCheck:
    """What became of a log.

    Attributes:
        chains: Every chain in it, by id, in order of appearance.
        breaks: Every break; of a chain the first one only.
    """

    chains: dict[str, ChainCheck] = field(default_factory=dict)
    breaks: list[Break] = field(default_factory=list)


def files_of(places: Iterable[Path]) -> list[Path]:
    """Return the files of a log in the order in which they were written.

    Args:
        places: Files, and folders of a server's decision log.

    Raises:
        OSError: One cannot be read.
        FileNotFoundError: A folder holds no decision log.
    """
    files: dict[Path, Path] = {}
    for place in places:
        inside = sorted(place.glob("decisions-*.jsonl")) if place.is_dir() else [place]
        if not inside:
            raise FileNotFoundError(2, "holds no decision log", str(place))
        files.update({file.resolve(): file for file in inside})
    return sorted(files.values(), key=_beginning)


def verify(files: Iterable[Path]) -> LogCheck:
    """Check every record, and that each follows from the one before.

    Args:
        files: As `files_of` returns them. The chains of several workers may be in one.

    Raises:
        OSError: A file cannot be read.
    """
    check = LogCheck()
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    _follow(check, line)
                except _ChainBreakError as error:
                    error.chain.broken = True
                    check.breaks.append(Break(file, number, str(error)))
                except RecordError as error:
                    check.breaks.append(Break(file, number, str(error)))
                    break
    return check


class _ChainBreakError(Exception):
    def __init__(self, chain: ChainCheck, reason: str) -> None:
        super().__init__(reason)
        self.chain = chain


def _follow(check: LogCheck, line: bytes) -> None:
    if not line.endswith(b"\n"):
        raise RecordError("the line is cut off")
    record = read_record(line)
    head = Head.after(record)
    chain = check.chains.get(head.chain)
    if chain is None:
        chain = check.chains[head.chain] = ChainCheck(first=head.sequence, head=head)
        if (head.sequence == 1) != (record["previous_hash"] == GENESIS):
            raise _ChainBreakError(chain, "a chain begins with record 1, and only there")
    elif chain.broken:
        return
    elif head.sequence != chain.head.sequence + 1:
        expected = chain.head.sequence + 1
        reason = f"record {head.sequence} where {expected} of chain {head.chain} must be"
        raise _ChainBreakError(chain, reason)
    elif record["previous_hash"] != chain.head.hash:
        raise _ChainBreakError(chain, f"it does not follow from record {chain.head.sequence}")
    chain.head = head
    chain.count(record)


def _beginning(file: Path) -> tuple[str, int]:
    """What to sort files by; a file whose first line is broken is found broken later."""
    with file.open("rb") as lines:
        try:
            record = read_record(lines.readline())
        except RecordError:
            return "", 0
    return record["chain"], record["sequence"]
