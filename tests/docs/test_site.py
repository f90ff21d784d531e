"""The documentation as a reader finds it: built once, then looked up and crawled."""

from __future__ import annotations

import html
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from rolefit.engine import Engine
from rolefit.server.config import settings
from rolefit.server.metric_names import METRICS
from rolefit.v1 import catalogue_service_pb2, profile_pb2, recommendation_service_pb2
from tests.server.processes import ServerProcess

if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
    pytest.skip(
        "mkdocs is not installed; pip install -e '.[docs]'",
        allow_module_level=True,
    )

ROOT = Path(__file__).parents[2]
SERVICES = [
    *recommendation_service_pb2.DESCRIPTOR.services_by_name.values(),
    *catalogue_service_pb2.DESCRIPTOR.services_by_name.values(),
]


class Page(HTMLParser):
    """What links into a page and out of it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                assert value not in self.anchors, f"{self.file} has #{value} twice"
                self.anchors.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)
                if tag in ("script", "link", "img", "iframe"):
                    self.loads.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    folder = tmp_path_factory.mktemp("site").resolve()
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return {file: Page(file) for file in folder.rglob("*.html")}


def page(site: dict[Path, Page], name: str) -> Page:
    (found,) = (page for file, page in site.items() if file.as_posix().endswith(f"/{name}"))
    return found


def test_every_rpc_has_an_anchor(site: dict[Path, Page]) -> None:
    for service in SERVICES:
        name = service.name.removesuffix("Service").lower()
        anchors = page(site, f"reference/{name}-service.html").anchors
        assert {method.name for method in service.methods} <= anchors


def test_every_finding_code_has_an_anchor(site: dict[Path, Page], engine: Engine) -> None:
    assert engine.ruleset.codes.keys() <= page(site, "reference/codes.html").anchors


def test_every_rule_has_an_anchor(site: dict[Path, Page], engine: Engine) -> None:
    for rule in engine.ruleset.rules:
        topic = Path(rule.file).stem
        assert rule.id in page(site, f"reference/rules/{topic}.html").anchors


def test_every_claim_has_an_anchor_and_a_home(site: dict[Path, Page], engine: Engine) -> None:
    claims = page(site, "reference/claims.html")
    assert engine.ruleset.claims.keys() <= claims.anchors
    count = len(engine.ruleset.claims)
    assert f"{count} of {count}" in claims.file.read_text("utf-8")


def test_every_field_of_a_profile_has_an_anchor(site: dict[Path, Page]) -> None:
    anchors = page(site, "reference/messages/profile.html").anchors
    for message in profile_pb2.DESCRIPTOR.message_types_by_name.values():
        assert {f"{message.name}.{field.name}" for field in message.fields} <= anchors
    for enum in profile_pb2.DESCRIPTOR.enum_types_by_name.values():
        assert {value.name for value in enum.values} <= anchors


def test_every_setting_is_listed(site: dict[Path, Page]) -> None:
    source = page(site, "serving.html").file.read_text("utf-8")
    text = html.unescape(source.replace("<wbr>", ""))
    for setting in settings():
        assert setting.flag in text
        assert setting.variable in text


def test_every_metric_is_listed(site: dict[Path, Page]) -> None:
    anchors = page(site, "metrics.html").anchors
    assert {metric.name for metric in METRICS} <= anchors


def test_no_link_is_broken(site: dict[Path, Page]) -> None:
    broken = [
        f"{file.name}: {link}"
        for file, linking in site.items()
        # The page for wrong addresses names files from the root of whatever serves it.
        if file.name != "404.html"
        for link in linking.links
        if not resolves(site, file, link)
    ]
    assert not broken


def resolves(site: dict[Path, Page], file: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    if not parts.fragment or parts.fragment == "__skip":
        return True
    return target in site and unquote(parts.fragment) in site[target].anchors


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Page]) -> None:
    for linking in site.values():
        for address in linking.loads:
            assert not urlsplit(address).netloc, f"{linking.file} loads {address}"


def test_nothing_is_left_to_fill_in(site: dict[Path, Page]) -> None:
    for file in site:
        text = file.read_text("utf-8")
        assert "generated:" not in text, file
        assert "--8&lt;--" not in text, file


def test_python_examples_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "client.md").read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert examples
    server = ServerProcess(tmp_path, "--workers", "1")
    try:
        for example in examples:
            assert "localhost:50051" in example
            exec(example.replace(":50051", f":{server.port}"), {})
            assert capsys.readouterr().out.strip()
    finally:
        server.stop()


def test_no_source_is_published(site: dict[Path, Page]) -> None:
    folder = page(site, "concepts.html").file.parent
    stray: Iterator[Path] = (
        file for file in folder.rglob("*") if file.suffix in (".py", ".pyc")
    )
    assert not [*stray]
