"""What a real server tells of its catalogue."""

from __future__ import annotations

import base64
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from rolefit.engine import Engine
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.server.page_token import WrongTokenError, listing_tag, read_token, write_token
from rolefit.v1 import catalogue_service_pb2 as pb
from rolefit.v1.catalogue_pb2 import RULE_LAYER_FINDING, RULE_LAYER_VERDICT
from rolefit.v1.catalogue_service_pb2_grpc import CatalogueServiceStub
from rolefit.v1.path_pb2 import (
    PATH_APPLIED_SCIENTIST,
    PATH_ML_ENGINEER,
    PATH_RESEARCH_SCIENTIST,
    PATH_UNDETERMINED,
    PATH_UNSPECIFIED,
    Path,
)

from .calls import bad_fields, code, reason

SERVICE = "rolefit.v1.CatalogueService"
INVALID = grpc.StatusCode.INVALID_ARGUMENT
UNKNOWN: Any = 99


@pytest.fixture
def stub(opened: grpc.Channel) -> CatalogueServiceStub:
    return CatalogueServiceStub(opened)


@pytest.fixture(scope="module")
def catalogue(engine: Engine) -> CatalogueMessages:
    return CatalogueMessages(engine.ruleset)


def refusal(stub: CatalogueServiceStub, request: Message) -> grpc.RpcError:
    """Sends a request that is to be refused; returns the error."""
    name = type(request).__name__.removesuffix("Request")
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, name)(request, timeout=20)
    return caught.value


def test_every_response_names_the_rule_set(
    stub: CatalogueServiceStub, catalogue: CatalogueMessages
) -> None:
    for response in (
        stub.ListPaths(pb.ListPathsRequest()),
        stub.GetPath(pb.GetPathRequest(path=PATH_ML_ENGINEER)),
        stub.ComparePaths(pb.ComparePathsRequest()),
        stub.ListRules(pb.ListRulesRequest()),
        stub.GetRule(pb.GetRuleRequest(id="narrow-seats")),
        stub.GetRuleset(pb.GetRulesetRequest()),
        stub.ListClaims(pb.ListClaimsRequest()),
        stub.ListCodes(pb.ListCodesRequest()),
    ):
        assert response.ruleset == catalogue.ruleset


def test_paths(stub: CatalogueServiceStub, catalogue: CatalogueMessages) -> None:
    paths = stub.ListPaths(pb.ListPathsRequest()).paths
    assert list(paths) == list(catalogue.paths.values())
    for path in paths:
        assert stub.GetPath(pb.GetPathRequest(path=path.path)).path == path


def test_a_comparison_keeps_the_order_asked_for(stub: CatalogueServiceStub) -> None:
    asked = [PATH_APPLIED_SCIENTIST, PATH_RESEARCH_SCIENTIST, PATH_ML_ENGINEER]
    rows = stub.ComparePaths(pb.ComparePathsRequest(paths=asked)).rows
    assert rows
    assert all([cell.path for cell in row.cells] == asked for row in rows)


def test_a_comparison_without_paths_is_that_of_the_two_main_ones(
    stub: CatalogueServiceStub,
) -> None:
    main = pb.ComparePathsRequest(paths=[PATH_ML_ENGINEER, PATH_RESEARCH_SCIENTIST])
    assert stub.ComparePaths(pb.ComparePathsRequest()) == stub.ComparePaths(main)


def test_pages_of_seven_have_every_rule_once_and_in_order(
    stub: CatalogueServiceStub, catalogue: CatalogueMessages
) -> None:
    found: list[Any] = []
    request = pb.ListRulesRequest(page_size=7)
    while True:
        page = stub.ListRules(request)
        found += page.rules
        assert page.total_size == len(catalogue.rules)
        if not page.next_page_token:
            break
        assert len(page.rules) == 7
        request.page_token = page.next_page_token
    assert found == list(catalogue.rules.values())


def test_pages_of_claims(stub: CatalogueServiceStub, catalogue: CatalogueMessages) -> None:
    first = stub.ListClaims(pb.ListClaimsRequest(page_size=100))
    token = first.next_page_token
    rest = stub.ListClaims(pb.ListClaimsRequest(page_size=36, page_token=token))
    assert [*first.claims, *rest.claims] == list(catalogue.claims.values())
    assert (first.total_size, rest.next_page_token) == (136, "")


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (100, 100), (2**31 - 1, 136)])
def test_the_size_of_a_page(stub: CatalogueServiceStub, asked: int, given: int) -> None:
    assert len(stub.ListClaims(pb.ListClaimsRequest(page_size=asked)).claims) == given


@pytest.mark.parametrize(
    "filters",
    [
        {"claim": "G26"},
        {"code": "RISK_NARROW_SEATS"},
        {"path": PATH_RESEARCH_SCIENTIST},
        {"layer": RULE_LAYER_VERDICT},
        {"claim": "G26", "path": PATH_RESEARCH_SCIENTIST, "layer": RULE_LAYER_VERDICT},
        {"code": "RISK_NARROW_SEATS", "layer": RULE_LAYER_VERDICT},
    ],
)
def test_filters(
    stub: CatalogueServiceStub, catalogue: CatalogueMessages, filters: dict[str, Any]
) -> None:
    expected = [
        rule
        for rule in catalogue.rules.values()
        if filters.get("claim") in (None, *rule.claims)
        and filters.get("path") in (None, *rule.paths)
        and filters.get("layer") in (None, rule.layer)
        and filters.get("code")
        in (None, rule.concludes if rule.layer == RULE_LAYER_FINDING else "")
    ]
    response = stub.ListRules(pb.ListRulesRequest(page_size=500, **filters))
    assert list(response.rules) == expected
    assert response.total_size == len(expected)
    assert bool(expected) == (len(filters) != 2)


def test_the_rest(stub: CatalogueServiceStub, catalogue: CatalogueMessages) -> None:
    assert stub.GetRuleset(pb.GetRulesetRequest()) == catalogue.about
    assert list(stub.ListCodes(pb.ListCodesRequest()).codes) == list(catalogue.codes.values())
    rule = stub.GetRule(pb.GetRuleRequest(id="narrow-seats")).rule
    assert rule == catalogue.rules["narrow-seats"]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.GetPathRequest(), {"path": "is required"}),
        (
            pb.GetPathRequest(path=UNKNOWN),
            {"path": "must be a known Path (0 to 6), was 99"},
        ),
        (
            pb.ComparePathsRequest(paths=[PATH_ML_ENGINEER]),
            {"paths": "must be at least two different paths, was one"},
        ),
        (
            pb.ComparePathsRequest(paths=[PATH_ML_ENGINEER, PATH_ML_ENGINEER]),
            {"paths[1]": "repeats PATH_ML_ENGINEER"},
        ),
        (
            pb.ComparePathsRequest(paths=[PATH_UNSPECIFIED, PATH_ML_ENGINEER]),
            {"paths[0]": "must be a known Path (1 to 6), was PATH_UNSPECIFIED"},
        ),
        (
            pb.ListRulesRequest(claim="G137", code="RISK_NARROW"),
            {
                "claim": "must be a claim of the guide, was 'G137'; did you mean 'G37'?",
                "code": "must be a finding code, was 'RISK_NARROW'; "
                "did you mean 'RISK_NARROW_SEATS'?",
            },
        ),
        (
            pb.ListRulesRequest(path=UNKNOWN, layer=UNKNOWN),
            {
                "path": "must be a known Path (0 to 6), was 99",
                "layer": "must be a known RuleLayer (0 to 6), was 99",
            },
        ),
        (pb.ListRulesRequest(page_size=-1), {"page_size": "must be at least 0, was -1"}),
        (pb.ListClaimsRequest(page_size=-7), {"page_size": "must be at least 0, was -7"}),
        (pb.GetRuleRequest(), {"id": "is required"}),
    ],
    ids=str,
)
def test_a_bad_field_is_named(
    stub: CatalogueServiceStub, request_: Message, fields: dict[str, str]
) -> None:
    error = refusal(stub, request_)
    assert (code(error), reason(error)) == (INVALID, "INVALID_FIELD")
    assert bad_fields(error) == fields


def test_undetermined_is_no_path_to_compare(stub: CatalogueServiceStub) -> None:
    request = pb.ComparePathsRequest(paths=[PATH_ML_ENGINEER, PATH_UNDETERMINED])
    fields = bad_fields(refusal(stub, request))
    assert fields["paths[1]"].startswith("must be one of PATH_ML_ENGINEER, ")


def some_token(stub: CatalogueServiceStub) -> str:
    return stub.ListRules(pb.ListRulesRequest(claim="G26", page_size=2)).next_page_token


@pytest.mark.parametrize(
    "other",
    [
        pb.ListRulesRequest(),
        pb.ListRulesRequest(claim="G100"),
        pb.ListRulesRequest(claim="G26", layer=RULE_LAYER_VERDICT),
        pb.ListRulesRequest(claim="G26", path=PATH_RESEARCH_SCIENTIST),
        pb.ListClaimsRequest(),
    ],
    ids=str,
)
def test_a_token_is_good_for_its_own_filters_alone(
    stub: CatalogueServiceStub, other: Any
) -> None:
    other.page_token = some_token(stub)
    error = refusal(stub, other)
    assert (code(error), [*bad_fields(error)]) == (INVALID, ["page_token"])


def test_a_token_is_good_with_another_size_of_page(stub: CatalogueServiceStub) -> None:
    request = pb.ListRulesRequest(claim="G26", page_size=1, page_token=some_token(stub))
    assert (
        stub.ListRules(request).rules[0]
        == stub.ListRules(pb.ListRulesRequest(claim="G26", page_size=3)).rules[2]
    )


@pytest.mark.parametrize("token", ["x", "é", "AAAA", "!" * 24, "\x00" * 24, "A" * 10_000])
def test_a_text_that_is_no_token(stub: CatalogueServiceStub, token: str) -> None:
    error = refusal(stub, pb.ListRulesRequest(page_token=token))
    assert (code(error), [*bad_fields(error)]) == (INVALID, ["page_token"])


def test_a_token_of_other_rules_is_refused() -> None:
    request = pb.ListRulesRequest(claim="G26")
    before, after = (listing_tag(request, digest) for digest in ("sha256:1", "sha256:2"))
    token = write_token(300, before)
    assert read_token(token, before) == 300
    with pytest.raises(WrongTokenError):
        read_token(token, after)
    assert b"G26" not in base64.urlsafe_b64decode(token)


@pytest.mark.parametrize("misspelt", ["narrow-seat", "Narrow-Seats", "narrow_seats\n"])
def test_a_rule_that_is_not_there(stub: CatalogueServiceStub, misspelt: str) -> None:
    error: Any = refusal(stub, pb.GetRuleRequest(id=misspelt))
    assert (code(error), reason(error)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    expected = f"there is no rule {misspelt!r}; did you mean 'narrow-seats'?"
    assert error.details() == expected


def test_a_very_long_name_is_shortened(stub: CatalogueServiceStub) -> None:
    error: Any = refusal(stub, pb.GetRuleRequest(id="x" * 200_000))
    assert code(error) == grpc.StatusCode.NOT_FOUND
    assert len(error.details()) < 200


def test_undetermined_is_not_found(stub: CatalogueServiceStub) -> None:
    error: Any = refusal(stub, pb.GetPathRequest(path=PATH_UNDETERMINED))
    assert (code(error), reason(error)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    assert Path.Name(PATH_ML_ENGINEER) in error.details()


def test_bytes_that_are_no_message(opened: grpc.Channel) -> None:
    call: Any = opened.unary_unary(f"/{SERVICE}/GetRule")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\xff\xff", timeout=20)
    error: Any = caught.value
    assert (code(error), reason(error)) == (INVALID, "MALFORMED_MESSAGE")
    assert error.details().startswith("the message is not a rolefit.v1.GetRuleRequest: ")


def test_fields_of_a_newer_contract_are_ignored(opened: grpc.Channel) -> None:
    call: Any = opened.unary_unary(f"/{SERVICE}/ListRules")
    newer = b"\xa2\x06\x03new"  # field 100
    first = pb.ListRulesResponse.FromString(call(newer, timeout=20))
    request = pb.ListRulesRequest(page_token=first.next_page_token).SerializeToString()
    second = pb.ListRulesResponse.FromString(call(request, timeout=20))
    assert first.rules[-1] != second.rules[0]
