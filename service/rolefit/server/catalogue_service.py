"""CatalogueService: what the guide says, and the rules that apply it.

Everything is content of the rule set, so an answer is a selection of messages that
`CatalogueMessages` has written once.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.server import errors
from rolefit.server.call import Call
from rolefit.server.page_token import WrongTokenError, listing_tag, read_token, write_token
from rolefit.server.snapshot import Snapshots
from rolefit.server.unary_call import Method, UnaryCalls
from rolefit.server.validation import Violation, checker, shown
from rolefit.v1 import catalogue_service_pb2 as pb
from rolefit.v1.catalogue_pb2 import RULE_LAYER_FINDING, RuleEntry
from rolefit.v1.path_pb2 import (
    PATH_ML_ENGINEER,
    PATH_RESEARCH_SCIENTIST,
    PATH_UNSPECIFIED,
    Path,
)

SERVICE = pb.DESCRIPTOR.services_by_name["CatalogueService"].full_name

DEFAULT_PAGE_SIZE = 50
LARGEST_PAGE_SIZE = 500

# What comes after is no misspelling, and comparing it with all names would take its time.
_LONGEST_NAME = 100

_Listing = pb.ListRulesRequest | pb.ListClaimsRequest
_E = TypeVar("_E", bound=Message)


class CatalogueService:
    """The service, over snapshots that it does not own.

    Args:
        snapshots: The rule sets; it shows the current one.

    Attributes:
        methods: Its methods by name.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        table = (
            _method("ListPaths", pb.ListPathsRequest, self.list_paths),
            _method("GetPath", pb.GetPathRequest, self.get_path),
            _method("ComparePaths", pb.ComparePathsRequest, self.compare_paths),
            _method("ListRules", pb.ListRulesRequest, self.list_rules),
            _method("GetRule", pb.GetRuleRequest, self.get_rule),
            _method("GetRuleset", pb.GetRulesetRequest, self.get_ruleset),
            _method("ListClaims", pb.ListClaimsRequest, self.list_claims),
            _method("ListCodes", pb.ListCodesRequest, self.list_codes),
        )
        self.methods = {method.name: method for method in table}

    @property
    def _catalogue(self) -> CatalogueMessages:
        return self._snapshots.current.catalogue

    def handler(self, calls: UnaryCalls) -> grpc.GenericRpcHandler:
        """Return what a gRPC server registers."""
        return calls.handler(SERVICE, self.methods.values())

    def list_paths(self, _: pb.ListPathsRequest) -> pb.ListPathsResponse:
        """Return the five paths."""
        paths = self._catalogue.paths.values()
        return pb.ListPathsResponse(paths=paths, ruleset=self._catalogue.ruleset)

    def get_path(self, request: pb.GetPathRequest) -> pb.GetPathResponse:
        """Return one path.

        Raises:
            CallError: No path is given, or there is none such.
        """
        if request.path == PATH_UNSPECIFIED:
            raise errors.invalid_fields([Violation("path", "is required")])
        entry = self._catalogue.paths.get(request.path)
        if entry is None:
            known = ", ".join(map(Path.Name, self._catalogue.paths))
            name = Path.Name(request.path)
            raise errors.not_found(f"the guide has no path {name}; it has {known}")
        return pb.GetPathResponse(path=entry, ruleset=self._catalogue.ruleset)

    def compare_paths(self, request: pb.ComparePathsRequest) -> pb.ComparePathsResponse:
        """Return what each dimension says of some paths.

        Raises:
            CallError: They are not at least two different ones that the guide has.
        """
        paths = list(request.paths) or [PATH_ML_ENGINEER, PATH_RESEARCH_SCIENTIST]
        bad = [
            Violation(f"paths[{index}]", problem)
            for index, path in enumerate(paths)
            if (problem := self._no_path_to_compare(path, paths[:index]))
        ]
        if len(paths) < 2:
            bad.append(Violation("paths", "must be at least two different paths, was one"))
        if bad:
            raise errors.invalid_fields(bad)
        return pb.ComparePathsResponse(
            rows=self._catalogue.comparison(paths), ruleset=self._catalogue.ruleset
        )

    def list_rules(self, request: pb.ListRulesRequest) -> pb.ListRulesResponse:
        """Return one page of the rules that pass the filters.

        Raises:
            CallError: A filter names something unknown, or the page is none.
        """
        self._check_filters(request)
        rules = [rule for rule in self._catalogue.rules.values() if _passes(rule, request)]
        page, following = self._page(request, rules)
        return pb.ListRulesResponse(
            rules=page,
            next_page_token=following,
            total_size=len(rules),
            ruleset=self._catalogue.ruleset,
        )

    def get_rule(self, request: pb.GetRuleRequest) -> pb.GetRuleResponse:
        """Return one rule.

        Raises:
            CallError: No rule is named, or there is none such.
        """
        if not request.id:
            raise errors.invalid_fields([Violation("id", "is required")])
        rule = self._catalogue.rules.get(request.id)
        if rule is None:
            hint = _nearest(request.id, self._catalogue.rules)
            raise errors.not_found(f"there is no rule {shown(request.id)}{hint}")
        return pb.GetRuleResponse(rule=rule, ruleset=self._catalogue.ruleset)

    def get_ruleset(self, _: pb.GetRulesetRequest) -> pb.GetRulesetResponse:
        """Return what the rule set is."""
        return self._catalogue.about

    def list_claims(self, request: pb.ListClaimsRequest) -> pb.ListClaimsResponse:
        """Return one page of the claims.

        Raises:
            CallError: The page is none.
        """
        claims = list(self._catalogue.claims.values())
        page, following = self._page(request, claims)
        return pb.ListClaimsResponse(
            claims=page,
            next_page_token=following,
            total_size=len(claims),
            ruleset=self._catalogue.ruleset,
        )

    def list_codes(self, _: pb.ListCodesRequest) -> pb.ListCodesResponse:
        """Return the finding codes."""
        codes = self._catalogue.codes.values()
        return pb.ListCodesResponse(codes=codes, ruleset=self._catalogue.ruleset)

    def _no_path_to_compare(
        self, path: Path.ValueType, earlier: Sequence[Path.ValueType]
    ) -> str:
        if path not in self._catalogue.paths:
            known = ", ".join(map(Path.Name, self._catalogue.paths))
            return f"must be one of {known}, was {Path.Name(path)}"
        return f"repeats {Path.Name(path)}" if path in earlier else ""

    def _check_filters(self, request: pb.ListRulesRequest) -> None:
        bad = [
            Violation(field, f"must be a {what}, was {shown(name)}{_nearest(name, known)}")
            for field, name, what, known in (
                ("claim", request.claim, "claim of the guide", self._catalogue.claims),
                ("code", request.code, "finding code", self._catalogue.codes),
            )
            if name and name not in known
        ]
        if bad:
            raise errors.invalid_fields(bad)

    def _page(self, request: _Listing, entries: Sequence[_E]) -> tuple[Sequence[_E], str]:
        """The page asked for, and the token of the next one, empty after the last."""
        if request.page_size < 0:
            problem = f"must be at least 0, was {request.page_size}"
            raise errors.invalid_fields([Violation("page_size", problem)])
        tag = listing_tag(request, self._catalogue.ruleset.digest)
        try:
            start = read_token(request.page_token, tag)
        except WrongTokenError:
            problem = (
                "must be the next_page_token of a response to the same filters and rule set"
            )
            raise errors.invalid_fields([Violation("page_token", problem)]) from None
        end = start + min(request.page_size or DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
        return entries[start:end], write_token(end, tag) if end < len(entries) else ""


def _method(name: str, request: type[Message], answer: Callable[[Any], Message]) -> Method:
    """A method whose requests are checked against the contract, and which decides nothing."""
    violations = checker(request)

    def checked(message: Message, _call: Call) -> Message:
        bad = violations(message)
        if bad:
            raise errors.invalid_fields(bad)
        return answer(message)

    return Method(name, request, checked)


def _passes(rule: RuleEntry, request: pb.ListRulesRequest) -> bool:
    return (
        (not request.claim or request.claim in rule.claims)
        and (not request.code or _adds(rule, request.code))
        and (not request.path or request.path in rule.paths)
        and (not request.layer or request.layer == rule.layer)
    )


def _adds(rule: RuleEntry, code: str) -> bool:
    return rule.layer == RULE_LAYER_FINDING and rule.concludes == code


def _nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest of the known names, if one is near."""
    near = difflib.get_close_matches(name[:_LONGEST_NAME], known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
