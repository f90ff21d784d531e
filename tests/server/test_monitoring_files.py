"""The dashboard and the alert rules in deploy/ ask for what servers really expose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from rolefit.server.metric_names import METRICS, Kind

from .calls import EMPTY, channel, send
from .observing import free_port, get
from .processes import ServerProcess

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = DEPLOY / "grafana" / "rolefit.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
PANEL_KINDS = {"row", "timeseries", "stat", "table", "bargauge"}
SEVERITIES = {"page", "ticket"}
HISTOGRAM_SAMPLES = ("_bucket", "_sum", "_count")


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def alerts() -> list[dict[str, Any]]:
    content = yaml.safe_load(ALERTS.read_text())
    assert set(content) == {"groups"}
    return [rule for group in content["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> dict[str, str]:
    """Every query, by where it stands."""
    found = {f"alert {rule['alert']}": rule["expr"] for rule in alerts()}
    for panel in panels():
        for target in panel["targets"]:
            # Grafana fills this in before Prometheus sees it.
            query = target["expr"].replace("$__rate_interval", "5m")
            found[f"panel {panel['title']} {target['refId']}"] = query
    return found


EXPRESSIONS = expressions()


def selectors(query: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The samples that a query asks for, with the labels that it matches."""

    def walk(node: Any) -> Iterator[Any]:
        yield node
        for name in ("expr", "lhs", "rhs", "param", "vector_selector"):
            child = getattr(node, name, None)
            if child is not None:
                yield from walk(child)
        for child in getattr(node, "args", ()):
            yield from walk(child)

    for node in walk(promql_parser.parse(query)):
        if isinstance(node, promql_parser.VectorSelector):
            labels = {matcher.name for matcher in node.matchers.matchers}
            yield str(node.name), frozenset(labels)


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Names of families and samples of a real server."""
    http = free_port()
    folder = tmp_path_factory.mktemp("monitored")
    server = ServerProcess(folder, "--workers", "1", "--http-port", str(http))
    with channel(server.port) as opened:
        send(opened, EMPTY)
    names = set()
    for family in text_string_to_metric_families(get(http, "/metrics")[1]):
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
        names.update(sample.name for sample in family.samples)
    server.stop()
    return frozenset(names)


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_queries_ask_for_what_is_exposed(place: str, exposed: frozenset[str]) -> None:
    asked = list(selectors(EXPRESSIONS[place]))
    assert asked
    by_name = {metric.name: metric for metric in METRICS}
    for name, labels in asked:
        assert name in exposed, f"{place}: no server exposes {name}"
        histogram = re.sub("(_bucket|_sum|_count)$", "", name)
        metric = by_name.get(name) or by_name[histogram]
        assert (metric.kind is Kind.HISTOGRAM) == name.endswith(HISTOGRAM_SAMPLES)
        unknown = labels - {*metric.labels, "instance", "le"}
        assert not unknown, f"{place}: {name} has no label {unknown}"


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(query for place, query in EXPRESSIONS.items() if place[:5] == "panel")
    assert [each.name for each in METRICS if each.name not in shown] == []


def test_the_dashboard_is_one_that_grafana_imports() -> None:
    read = dashboard()
    assert (read["uid"], read["title"]) == ("rolefit", "rolefit")
    assert {variable["name"] for variable in read["templating"]["list"]} == {
        "datasource",
        "instance",
    }
    every = read["panels"]
    assert {panel["type"] for panel in every} <= PANEL_KINDS
    ids = [panel["id"] for panel in every]
    assert len(set(ids)) == len(ids)
    cells: set[tuple[int, int]] = set()
    for panel in every:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        covered = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not covered & cells, f"{panel['title']} lies on another panel"
        cells |= covered
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"


def test_alerts_say_what_is_wrong_and_how_bad() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(set(names)) == len(names)
    for rule in alerts():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in SEVERITIES
        assert set(rule["annotations"]) == {"summary", "description"}
        if "for" in rule:
            promql_parser.parse_duration(rule["for"])


def test_log_lines_that_alerts_point_to_exist() -> None:
    code = "".join(
        path.read_text() for path in (DEPLOY.parent / "service").rglob("server/*.py")
    )
    lines = re.findall(r'log line "([^"]+)"', ALERTS.read_text())
    assert lines
    assert [line for line in lines if f'"{line}"' not in code] == []
