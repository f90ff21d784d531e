"""The catalogue's methods of the two clients; what they ask is in `lookup`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from rolefit.client import lookup
from rolefit.client.lookup import Lookup, Page
from rolefit.client.vocabulary import Path, RuleLayer

if TYPE_CHECKING:
    from rolefit.client.catalogue import (
        ClaimEntry,
        CodeEntry,
        ComparisonRow,
        PathEntry,
        RuleEntry,
        RulesetEntry,
    )

_T = TypeVar("_T")


class CatalogueClient(ABC):
    """Looks up what the guide says and which rules apply it.

    Every method raises `ServerUnavailable`, `DeadlineExceeded`, `Overloaded` or another
    `RolefitError`, as `Client.recommend` does, and has the client's timeout for each call.
    """

    @abstractmethod
    def _look_up(self, wanted: Lookup[_T]) -> _T:
        """Make one call and read its response."""

    def list_paths(self) -> tuple[PathEntry, ...]:
        """List the five paths with what the guide says of each."""
        return self._look_up(lookup.list_paths())

    def get_path(self, path: Path | str) -> PathEntry:
        """Get what the guide says of one path.

        Raises:
            NotFound: The path is UNDETERMINED, of which the guide says nothing.
            ValueError: There is no such path.

        """
        return self._look_up(lookup.get_path(path))

    def compare_paths(
        self, paths: Iterable[Path | str] | None = None
    ) -> tuple[ComparisonRow, ...]:
        """Compare paths, one row for each dimension of which the guide says something.

        Args:
            paths: At least two different ones. None: ML engineer and research scientist.

        Raises:
            InvalidRequest: They are fewer, or one of them comes twice.
            ValueError: There is no such path.

        """
        return self._look_up(lookup.compare_paths(paths))

    def list_rules(
        self,
        *,
        claim: str | None = None,
        code: str | None = None,
        path: Path | str | None = None,
        layer: RuleLayer | str | None = None,
    ) -> Iterator[RuleEntry]:
        """List rules in the order of their layers; pages are fetched as they are needed.

        Args:
            claim: Only rules that cite this claim, such as ``G26``.
            code: Only rules that add this finding, such as ``RISK_NARROW_SEATS``.
            path: Only rules that speak of this path.
            layer: Only rules of this layer.

        Raises:
            InvalidRequest: There is no such claim or code, or the server has got another
                rule set between two pages.
            ValueError: There is no such path or layer.

        """
        return self._each(lookup.list_rules(claim=claim, code=code, path=path, layer=layer))

    def get_rule(self, rule_id: str) -> RuleEntry:
        """Get one rule.

        Raises:
            NotFound: There is none such; the message suggests the nearest.
            InvalidRequest: The identifier is empty.

        """
        return self._look_up(lookup.get_rule(rule_id))

    def get_ruleset(self) -> RulesetEntry:
        """Get the rule set as a whole: version, counts, vocabulary, conventions."""
        return self._look_up(lookup.get_ruleset())

    def list_claims(self) -> tuple[ClaimEntry, ...]:
        """List the claims of the guide with where each lives, in the guide's order."""
        return tuple(self._each(lookup.list_claims()))

    def list_codes(self) -> tuple[CodeEntry, ...]:
        """List the finding codes with their meaning, principal ones first."""
        return self._look_up(lookup.list_codes())

    def _each(self, wanted: Lookup[Page[_T]]) -> Iterator[_T]:
        following: Lookup[Page[_T]] | None = wanted
        while following is not None:
            page = self._look_up(following)
            yield from page.entries
            following = page.following


class AsyncCatalogueClient(ABC):
    """Looks up what `CatalogueClient` does, and takes and raises the same."""

    @abstractmethod
    async def _look_up(self, wanted: Lookup[_T]) -> _T:
        """Make one call and read its response."""

    async def list_paths(self) -> tuple[PathEntry, ...]:
        """List the five paths; see `Client.list_paths`."""
        return await self._look_up(lookup.list_paths())

    async def get_path(self, path: Path | str) -> PathEntry:
        """Get what the guide says of one path; see `Client.get_path`."""
        return await self._look_up(lookup.get_path(path))

    async def compare_paths(
        self, paths: Iterable[Path | str] | None = None
    ) -> tuple[ComparisonRow, ...]:
        """Compare paths; see `Client.compare_paths`."""
        return await self._look_up(lookup.compare_paths(paths))

    def list_rules(
        self,
        *,
        claim: str | None = None,
        code: str | None = None,
        path: Path | str | None = None,
        layer: RuleLayer | str | None = None,
    ) -> AsyncIterator[RuleEntry]:
        """List rules, with ``async for``; see `Client.list_rules`."""
        return self._each(lookup.list_rules(claim=claim, code=code, path=path, layer=layer))

    async def get_rule(self, rule_id: str) -> RuleEntry:
        """Get one rule; see `Client.get_rule`."""
        return await self._look_up(lookup.get_rule(rule_id))

    async def get_ruleset(self) -> RulesetEntry:
        """Get the rule set as a whole; see `Client.get_ruleset`."""
        return await self._look_up(lookup.get_ruleset())

    async def list_claims(self) -> tuple[ClaimEntry, ...]:
        """List the claims of the guide; see `Client.list_claims`."""
        return tuple([claim async for claim in self._each(lookup.list_claims())])

    async def list_codes(self) -> tuple[CodeEntry, ...]:
        """List the finding codes; see `Client.list_codes`."""
        return await self._look_up(lookup.list_codes())

    async def _each(self, wanted: Lookup[Page[_T]]) -> AsyncIterator[_T]:
        following: Lookup[Page[_T]] | None = wanted
        while following is not None:
            page = await self._look_up(following)
            for entry in page.entries:
                yield entry
            following = page.following
