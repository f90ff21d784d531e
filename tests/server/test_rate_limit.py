"""The token bucket of a caller, by a clock that does as told."""

from __future__ import annotations

import pytest

from rolefit.server.caller_gate import address_of
from rolefit.server.rate_limit import RateLimit


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate_then_a_burst_again() -> None:
    clock = Clock()
    limit = RateLimit(2.0, 3, clock)
    assert [limit.wait("a") for _ in range(3)] == [0, 0, 0]
    assert limit.wait("a") == pytest.approx(0.5)
    assert limit.wait("a") == pytest.approx(0.5)  # a refusal costs nothing
    clock.now += 0.25
    assert limit.wait("a") == pytest.approx(0.25)
    clock.now += 0.25
    assert limit.wait("a") == 0
    assert limit.wait("a") > 0
    clock.now += 100
    assert [limit.wait("a") for _ in range(3)] == [0, 0, 0]
    assert limit.wait("a") > 0


def test_over_time_no_more_come_through_than_rate_and_burst_say() -> None:
    clock = Clock()
    limit = RateLimit(10.0, 5, clock)
    passed = 0
    for _ in range(10_000):
        passed += limit.wait("a") == 0
        clock.now += 0.001
    assert passed == pytest.approx(10 * 10 + 5, abs=1)


def test_callers_do_not_share_a_bucket() -> None:
    limit = RateLimit(1.0, 1, Clock())
    assert limit.wait("a") == 0
    assert limit.wait("b") == 0
    assert limit.wait("a") > 0


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    limit = RateLimit(1.0, 1, Clock(), most=10)
    for number in range(1_000):
        limit.wait("busy")
        limit.wait(str(number))
    assert len(limit) == 10
    assert limit.wait("busy") > 0


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.7:4711", "192.0.2.7"),
        ("ipv6:%5B2001:db8::1%5D:4711", "2001:db8::/64"),
        ("ipv6:[2001:db8::ffff:1]:4711", "2001:db8::/64"),
        ("ipv6:%5Bfe80::1%25eth0%5D:4711", "fe80::/64"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:4711", "192.0.2.7"),
        ("unix:", "unix:"),
    ],
)
def test_one_address_is_one_caller_whatever_the_port(peer: str, address: str) -> None:
    assert address_of(peer) == address
