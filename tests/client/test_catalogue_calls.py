"""How the clients call the catalogue; what it holds is tested end to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from rolefit.client import (
    AsyncClient,
    Client,
    RetryPolicy,
    RolefitError,
    RuleEntry,
    RuleLayer,
    ServerUnavailable,
)
from rolefit.client.behaviour import Behaviour
from rolefit.v1.catalogue_pb2 import CodeEntry as CodeMessage
from rolefit.v1.catalogue_pb2 import RuleEntry as RuleMessage
from rolefit.v1.catalogue_service_pb2 import (
    ListCodesRequest,
    ListCodesResponse,
    ListRulesRequest,
    ListRulesResponse,
)
from rolefit.v1.catalogue_service_pb2_grpc import (
    CatalogueServiceServicer,
    add_CatalogueServiceServicer_to_server,
)

AT_ONCE = RetryPolicy(initial_backoff=0.01, max_backoff=0.01)
UNKNOWN: Any = 99


class Scripted(CatalogueServiceServicer):
    """Fails as often as told; has three rules on three pages."""

    def __init__(self) -> None:
        self.failures = 0
        self.asked: list[ListRulesRequest] = []
        self.metadata: list[dict[str, str | bytes]] = []

    def ListCodes(  # noqa: N802
        self, _: ListCodesRequest, context: grpc.ServicerContext
    ) -> ListCodesResponse:
        self.metadata.append(dict(context.invocation_metadata()))
        if self.failures:
            self.failures -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return ListCodesResponse(codes=[CodeMessage(code="X", kind=UNKNOWN)])

    def ListRules(  # noqa: N802
        self, request: ListRulesRequest, _: grpc.ServicerContext
    ) -> ListRulesResponse:
        self.asked.append(request)
        place = int(request.page_token or 0)
        return ListRulesResponse(
            rules=[RuleMessage(id=f"rule-{place}", layer=UNKNOWN)],
            next_page_token=str(place + 1) if place < 2 else "",
        )


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()  # type: ignore[abstract] # the rest is never called


@pytest.fixture
def target(scripted: Scripted) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    add_CatalogueServiceServicer_to_server(scripted, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


Codes = Callable[..., tuple[Any, ...]]


@pytest.fixture(params=["sync", "async"])
def list_codes(request: pytest.FixtureRequest) -> Codes:
    """Makes one call with a client of either kind: both have to behave alike."""

    def sync(target: str, **options: Any) -> tuple[Any, ...]:
        with Client(target, **options) as client:
            return client.list_codes()

    def awaited(target: str, **options: Any) -> tuple[Any, ...]:
        async def ask() -> tuple[Any, ...]:
            async with AsyncClient(target, **options) as client:
                return await client.list_codes()

        return asyncio.run(ask())

    return sync if request.param == "sync" else awaited


def test_the_retries_are_for_both_services() -> None:
    behaviour = Behaviour("localhost:1", 1.0, RetryPolicy(), False, None, (), 1)
    config = json.loads(str(dict(behaviour.channel_options())["grpc.service_config"]))
    (method,) = config["methodConfig"]
    assert [name["service"] for name in method["name"]] == [
        "rolefit.v1.RecommendationService",
        "rolefit.v1.CatalogueService",
    ]


def test_a_server_that_is_back_is_asked_again(
    scripted: Scripted, target: str, list_codes: Codes
) -> None:
    scripted.failures = 2
    (code,) = list_codes(target, retry=AT_ONCE, metadata={"who": "me"})
    assert code.code == "X"
    assert [each["who"] for each in scripted.metadata] == ["me"] * 3


def test_failures_are_typed(scripted: Scripted, target: str, list_codes: Codes) -> None:
    scripted.failures = 9
    with pytest.raises(ServerUnavailable):
        list_codes(target, retry=RetryPolicy.none())


def test_an_older_server(target: str) -> None:
    expected = "does not offer rolefit.v1.CatalogueService: it is an older rolefit server"
    with Client(target) as client, pytest.raises(RolefitError, match=expected):
        client.list_paths()


def test_what_a_newer_server_says_is_unrecognized(target: str) -> None:
    with Client(target) as client:
        (code,) = client.list_codes()
        assert code.kind.name == "UNRECOGNIZED"
        assert next(client.list_rules()).layer is RuleLayer.UNRECOGNIZED


def test_pages_are_fetched_as_they_are_needed(scripted: Scripted, target: str) -> None:
    with Client(target) as client:
        rules = client.list_rules(claim="G26", code="X", path="ml-engineer", layer="FIT")
        assert scripted.asked == []
        assert next(rules).id == "rule-0"
        assert len(scripted.asked) == 1
        assert [rule.id for rule in rules] == ["rule-1", "rule-2"]
    assert [each.page_token for each in scripted.asked] == ["", "1", "2"]
    for each in scripted.asked:
        assert (each.claim, each.code, each.path, each.layer) == ("G26", "X", 1, 3)


def test_pages_can_be_awaited(scripted: Scripted, target: str) -> None:
    async def ask() -> list[RuleEntry]:
        async with AsyncClient(target) as client:
            return [rule async for rule in client.list_rules()]

    assert [rule.id for rule in asyncio.run(ask())] == ["rule-0", "rule-1", "rule-2"]
    assert len(scripted.asked) == 3
