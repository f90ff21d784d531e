"""Rules that change while a server answers by them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

from .admin import admin_of
from .calls import EMPTY, channel, code, reason, refusal, send
from .processes import ServerProcess, eventually
from .rule_folders import RulesFolder
from .test_shutdown import Load

Start = Callable[..., ServerProcess]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# More than enough that each of two workers takes some.
CONNECTIONS = 16
QUICKLY = ("--rules-poll-seconds", "0.1")
ON_REQUEST = ("--rules-poll-seconds", "0", "--admin-port", "0")


@pytest.fixture
def folder(tmp_path: Path) -> RulesFolder:
    return RulesFolder(tmp_path)


@pytest.fixture(params=["1", "2"])
def workers(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def versions(server: ServerProcess, digest: str | None = None) -> set[str]:
    """Those that answers name, over many connections."""
    request = RecommendRequest(profile=CandidateProfile(), ruleset_digest=digest)
    found = set()
    for _ in range(CONNECTIONS):
        with channel(server.port, retrying=True) as opened:
            found.add(send(opened, request.SerializeToString()).ruleset.version)
    return found


def health_of(server: ServerProcess, service: str) -> tuple[int, dict[str, Any]]:
    """The status, and the trailers beside it."""
    with channel(server.port) as opened:
        stub: Any = health_pb2_grpc.HealthStub(opened)
        request = health_pb2.HealthCheckRequest(service=service)
        response, call = stub.Check.with_call(request, timeout=20)
        return response.status, dict(call.trailing_metadata())


def says(server: ServerProcess, service: str, status: int) -> bool:
    return all(health_of(server, service)[0] == status for _ in range(CONNECTIONS))


def test_all_workers_answer_by_rules_that_were_put_into_the_folder(
    start: Start, folder: RulesFolder, workers: str
) -> None:
    server = start("--workers", workers, "--rules", str(folder.path), *QUICKLY)
    assert versions(server) == {"1.0.0"}
    folder.release("2.0.0")
    server.wait_for_events("rules reloaded", 1)
    assert versions(server) == {"2.0.0"}
    (line,) = server.events("rules reloaded")
    assert line["ruleset_version"] == "2.0.0"


def test_rules_that_cannot_be_used_leave_the_others_serving(
    start: Start, folder: RulesFolder, workers: str
) -> None:
    server = start("--workers", workers, "--rules", str(folder.path), *QUICKLY)
    assert says(server, "rolefit.rules", SERVING)
    place = folder.break_()
    server.wait_for_events("rules refused; those before still serve", 1)
    (line,) = server.events("rules refused; those before still serve")
    assert any(problem.startswith(f"{place}: ") for problem in line["problems"])
    assert versions(server) == {"1.0.0"}
    eventually(lambda: says(server, "rolefit.rules", NOT_SERVING), "a sign in the health")
    assert place in health_of(server, "rolefit.rules")[1]["rolefit-rules-failure"]
    assert says(server, "", SERVING)
    folder.release("2.0.0")
    folder.mend()
    server.wait_for_events("rules reloaded", 1)
    assert versions(server) == {"2.0.0"}
    assert says(server, "rolefit.rules", SERVING)
    assert "rolefit-rules-failure" not in health_of(server, "rolefit.rules")[1]


def test_rules_whose_own_tests_fail_are_refused(start: Start, folder: RulesFolder) -> None:
    server = start("--workers", "1", "--rules", str(folder.path), *ON_REQUEST)
    place = folder.expect_nonsense()
    folder.release("2.0.0")
    with admin_of(server) as admin:
        with pytest.raises(grpc.RpcError) as caught:
            admin.reload()
        assert code(caught.value) == grpc.StatusCode.FAILED_PRECONDITION
        assert reason(caught.value) == "RULES_REFUSED"
        assert place in str(caught.value)
        rules = admin.status().rules
        assert (rules.version, rules.failures) == ("1.0.0", 1)
        assert place in rules.last_failure
        assert rules.HasField("failing_since")
    assert versions(server) == {"1.0.0"}


def test_a_missing_folder_leaves_the_rules_serving(start: Start, folder: RulesFolder) -> None:
    server = start("--workers", "1", "--rules", str(folder.path), *QUICKLY)
    folder.path.rename(folder.path.with_name("elsewhere"))
    server.wait_for_events("rules refused; those before still serve", 1)
    assert versions(server) == {"1.0.0"}
    folder.path.with_name("elsewhere").rename(folder.path)
    server.wait_for_events("rules checked; they are those that serve", 1)


def test_sighup_reloads(start: Start, folder: RulesFolder, workers: str) -> None:
    flags = ("--rules", str(folder.path), "--rules-poll-seconds", "0")
    server = start("--workers", workers, *flags)
    folder.release("2.0.0")
    server.signal(signal.SIGHUP)
    server.wait_for_events("rules reloaded", 1)
    assert versions(server) == {"2.0.0"}


def test_requests_may_name_rules_that_are_held(
    start: Start, folder: RulesFolder, workers: str
) -> None:
    flags = ("--rules", str(folder.path), "--rules-held", "2", *ON_REQUEST)
    server = start("--workers", workers, *flags)
    with admin_of(server) as admin:
        first = admin.status().rules.digest
        folder.release("2.0.0")
        answer = admin.reload()
        assert answer.changed
        assert list(answer.rules.held_digests) == [answer.rules.digest, first]
        assert versions(server) == {"2.0.0"}
        assert versions(server, first) == {"1.0.0"}
        folder.release("3.0.0")
        assert first not in admin.reload().rules.held_digests
        # Where nothing is new, nothing changes.
        assert not admin.reload().changed
    assert versions(server, answer.rules.digest) == {"2.0.0"}
    with channel(server.port) as opened:
        gone = RecommendRequest(profile=CandidateProfile(), ruleset_digest=first)
        error: Any = refusal(opened, gone.SerializeToString())
        assert code(error) == grpc.StatusCode.NOT_FOUND
        assert reason(error) == "RULESET_NOT_HELD"
        assert answer.rules.digest in error.details()
        nonsense = RecommendRequest(profile=CandidateProfile(), ruleset_digest="latest")
        assert reason(refusal(opened, nonsense.SerializeToString())) == "INVALID_FIELD"


def test_rolling_back(start: Start, folder: RulesFolder, workers: str) -> None:
    server = start("--workers", workers, "--rules", str(folder.path), *ON_REQUEST)
    with admin_of(server) as admin:
        with pytest.raises(grpc.RpcError) as caught:
            admin.roll_back()
        assert reason(caught.value) == "RULESET_NOT_HELD"
        digests = {"1.0.0": admin.status().rules.digest}
        for version in ("2.0.0", "3.0.0"):
            folder.release(version)
            digests[version] = admin.reload().rules.digest
        assert admin.roll_back().version == "2.0.0"
        assert versions(server) == {"2.0.0"}
        rules = admin.roll_back(digests["1.0.0"])
        assert list(rules.held_digests) == [digests[v] for v in ("1.0.0", "2.0.0", "3.0.0")]
        assert versions(server) == {"1.0.0"}
        with pytest.raises(grpc.RpcError) as caught:
            admin.roll_back("sha256:" + "0" * 64)
        assert code(caught.value) == grpc.StatusCode.NOT_FOUND
        # The folder still holds the third version, for whoever asks for it.
        assert admin.reload().rules.digest == digests["3.0.0"]


def test_a_worker_that_comes_later_has_the_rules_of_the_others(
    start: Start, folder: RulesFolder
) -> None:
    server = start("--workers", "2", "--rules", str(folder.path), *ON_REQUEST)
    with admin_of(server) as admin:
        first = admin.status().rules.digest
        folder.release("2.0.0")
        admin.reload()
        folder.break_()
        with pytest.raises(grpc.RpcError):
            admin.reload()
        for pid in server.worker_pids:
            os.kill(pid, signal.SIGKILL)
        server.wait_for_events("worker serving", 2)
    assert versions(server) == {"2.0.0"}
    eventually(lambda: says(server, "rolefit.rules", NOT_SERVING), "what the others knew")
    assert versions(server, first) == {"1.0.0"}


def test_rules_that_stay_unusable_take_the_server_out_if_settings_say_so(
    start: Start, folder: RulesFolder, workers: str
) -> None:
    flags = ("--rules", str(folder.path), "--rules-max-age-seconds", "0.3", *QUICKLY)
    server = start("--workers", workers, *flags)
    folder.break_()
    server.wait_for_events("rules stale; health says NOT_SERVING", 1)
    for service in ("", "rolefit.v1.RecommendationService", "rolefit.v1.CatalogueService"):
        eventually(lambda s=service: says(server, s, NOT_SERVING), "NOT_SERVING")  # type: ignore[misc]
    folder.mend()
    server.wait_for_events("rules checked; they are those that serve", 1)
    assert says(server, "", SERVING)


def test_no_call_is_lost_while_rules_are_swapped(start: Start, folder: RulesFolder) -> None:
    server = start("--workers", "2", "--rules", str(folder.path), *ON_REQUEST)
    with Load(server.port, threads=2) as load, admin_of(server) as admin:
        for version in ("2.0.0", "3.0.0", "4.0.0"):
            folder.release(version)
            assert admin.reload().rules.version == version
            assert versions(server) == {version}
        load.more(50)
    assert load.failures == []


def test_one_connection_sees_each_version_once(start: Start, folder: RulesFolder) -> None:
    server = start("--workers", "1", "--rules", str(folder.path), *ON_REQUEST)
    seen: list[str] = []
    with channel(server.port) as opened, admin_of(server) as admin:
        for version in ("2.0.0", "3.0.0"):
            folder.release(version)
            admin_call = admin.reload()
            assert admin_call.changed
            seen += [send(opened, EMPTY).ruleset.version for _ in range(3)]
    assert seen == ["2.0.0"] * 3 + ["3.0.0"] * 3


def test_a_worker_that_hangs_or_dies_meanwhile_does_not_stop_a_swap(
    start: Start, folder: RulesFolder
) -> None:
    flags = ("--rules", str(folder.path), "--hang-seconds", "4", *ON_REQUEST)
    server = start("--workers", "2", *flags)
    folder.release("2.0.0")
    with admin_of(server) as admin:
        os.kill(server.worker_pids[0], signal.SIGSTOP)
        assert admin.reload().rules.version == "2.0.0"
    server.wait_for_events("worker serving", 1)
    assert versions(server) == {"2.0.0"}
