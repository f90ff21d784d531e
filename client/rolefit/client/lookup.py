"""What every client asks the catalogue, whether it blocks or awaits: requests and reading.

How to read is imported by the function that needs it, for the sake of clients that never ask.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.message import Message

from rolefit.client.enum_names import number_of
from rolefit.client.vocabulary import Path, RuleLayer
from rolefit.v1 import catalogue_pb2, path_pb2
from rolefit.v1 import catalogue_service_pb2 as pb

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

# Fewer and larger pages than a server's own choice: what is listed is small.
_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Lookup(Generic[_T]):
    """One call of the catalogue: the method, its request, and how to read the response."""

    method: str
    request: Message
    read: Callable[[Any], _T]


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page of a list, and the call for the next, if there is one."""

    entries: tuple[_T, ...]
    following: Lookup[Page[_T]] | None


def list_paths() -> Lookup[tuple[PathEntry, ...]]:
    """Look up the five paths."""
    from rolefit.client.catalogue_reading import read_path

    return Lookup(
        "ListPaths",
        pb.ListPathsRequest(),
        lambda response: tuple(map(read_path, response.paths)),
    )


def get_path(path: Path | str) -> Lookup[PathEntry]:
    """Look up one path."""
    from rolefit.client.catalogue_reading import read_path

    request = pb.GetPathRequest(path=_path_number(path))
    return Lookup("GetPath", request, lambda response: read_path(response.path))


def compare_paths(paths: Iterable[Path | str] | None) -> Lookup[tuple[ComparisonRow, ...]]:
    """Look up what sets paths apart."""
    from rolefit.client.catalogue_reading import read_row

    # A text is a list too, of letters; they would be refused one by one.
    if isinstance(paths, str):
        raise ValueError(f"paths must be a list of paths, not the text {str(paths)!r}")
    request = pb.ComparePathsRequest(paths=map(_path_number, paths or ()))
    return Lookup("ComparePaths", request, lambda response: tuple(map(read_row, response.rows)))


def list_rules(
    *,
    claim: str | None = None,
    code: str | None = None,
    path: Path | str | None = None,
    layer: RuleLayer | str | None = None,
) -> Lookup[Page[RuleEntry]]:
    """Look up the first page of the rules that pass the filters."""
    from rolefit.client.catalogue_reading import read_rule

    request = pb.ListRulesRequest(claim=claim or "", code=code or "", page_size=_PAGE_SIZE)
    if path is not None:
        request.path = _path_number(path)
    if layer is not None:
        request.layer = _layer_number(layer)
    return _pages("ListRules", request, lambda response: map(read_rule, response.rules))


def get_rule(rule_id: str) -> Lookup[RuleEntry]:
    """Look up one rule."""
    from rolefit.client.catalogue_reading import read_rule

    request = pb.GetRuleRequest(id=rule_id)
    return Lookup("GetRule", request, lambda response: read_rule(response.rule))


def get_ruleset() -> Lookup[RulesetEntry]:
    """Look up the rule set as a whole."""
    from rolefit.client.catalogue_reading import read_ruleset

    return Lookup("GetRuleset", pb.GetRulesetRequest(), read_ruleset)


def list_claims() -> Lookup[Page[ClaimEntry]]:
    """Look up the first page of the claims."""
    from rolefit.client.catalogue_reading import read_claim

    request = pb.ListClaimsRequest(page_size=_PAGE_SIZE)
    return _pages("ListClaims", request, lambda response: map(read_claim, response.claims))


def list_codes() -> Lookup[tuple[CodeEntry, ...]]:
    """Look up the finding codes."""
    from rolefit.client.catalogue_reading import read_code

    return Lookup(
        "ListCodes",
        pb.ListCodesRequest(),
        lambda response: tuple(map(read_code, response.codes)),
    )


def _pages(
    method: str,
    request: pb.ListRulesRequest | pb.ListClaimsRequest,
    read: Callable[[Any], Iterable[_T]],
) -> Lookup[Page[_T]]:
    def read_page(response: Any) -> Page[_T]:
        following = None
        if response.next_page_token:
            more = copy.deepcopy(request)
            more.page_token = response.next_page_token
            following = _pages(method, more, read)
        return Page(tuple(read(response)), following)

    return Lookup(method, request, read_page)


def _path_number(path: Path | str) -> path_pb2.Path.ValueType:
    return path_pb2.Path.ValueType(number_of(path_pb2.Path.DESCRIPTOR, "path", path))


def _layer_number(layer: RuleLayer | str) -> catalogue_pb2.RuleLayer.ValueType:
    enum = catalogue_pb2.RuleLayer
    return enum.ValueType(number_of(enum.DESCRIPTOR, "layer", layer))
