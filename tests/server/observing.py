"""What can be seen of a server over HTTP."""

from __future__ import annotations

import http.client
import itertools
import os
import socket
from collections import defaultdict
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from .processes import PATIENCE_SECONDS

Samples = Mapping[str, Mapping[tuple[str, ...], float]]
"""By the name of a sample, the values by the labels' values, in the order of their names."""


# Ports that the system gives to nobody by itself, as it does to servers on port 0; a block of
# them for each process that runs tests.
_BLOCK = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = itertools.count(20_000 + 500 * (_BLOCK % 20))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    for port in _PORTS:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """Asks over HTTP; returns status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def status(port: int, path: str) -> int | None:
    """The status, or None if nobody answers."""
    try:
        return get(port, path)[0]
    except OSError:
        return None


def scrape(port: int) -> Samples:
    """The metrics as Prometheus would read them."""
    code, text = get(port, "/metrics")
    assert code == 200, text
    samples: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            assert labels not in samples[sample.name], f"{sample.name} {labels} comes twice"
            samples[sample.name][labels] = sample.value
    return samples
