"""Our rules in CEL, by the Rust implementation: the package `common-expression-language`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from bench.peers.expressions import ExpressionPeer, Syntax
from bench.peers.formulas import Variables
from bench.peers.peer import NotAvailableError, Peer
from rolefit.engine.ruleset import Ruleset

try:
    import cel
except ImportError:
    cel = None

PACKAGE = "common-expression-language"


class Cel:
    """One context for all decisions: every variable of it is overwritten by the next."""

    syntax = Syntax(every="&&", some="||", none_of="!({} in {})")

    def __init__(self) -> None:
        self._context = cel.Context()

    def compile(self, text: str, reads: Sequence[str]) -> cel.Program:
        """A program."""
        return cel.compile(text)

    def see(self, variables: Variables) -> None:
        """Set variables."""
        self._context.update(variables)

    def evaluate(self, program: cel.Program) -> Sequence[bool]:
        """The truths of a list of formulas."""
        truths: list[bool] = program.execute(self._context)
        return truths


def open_peer(ruleset: Ruleset) -> Peer:
    """The rule set as CEL programs.

    Raises:
        NotAvailableError: The package is not installed.
    """
    try:
        return ExpressionPeer(f"CEL in Rust ({PACKAGE} {version(PACKAGE)})", ruleset, Cel())
    except PackageNotFoundError as error:
        raise NotAvailableError(f"{PACKAGE} is not installed") from error
