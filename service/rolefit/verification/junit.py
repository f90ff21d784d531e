"""Results of rule tests as JUnit XML, in the form that Jenkins and GitLab read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from rolefit.verification.rule_tests import Result

# Characters that XML 1.0 cannot hold in any form.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[Result]) -> bytes:
    """The report: a suite for each file, a case for each test."""
    root = ElementTree.Element("testsuites", {"name": "rules", **_counts(results)})
    by_file = itertools.groupby(results, key=lambda result: result.test.file)
    for file, group in by_file:
        members = list(group)
        suite = ElementTree.SubElement(root, "testsuite", {"name": file, **_counts(members)})
        for result in members:
            _write_case(suite, result)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(bool(result.failures) for result in results)),
        "errors": "0",
        "skipped": "0",
        "time": _seconds(sum(result.seconds for result in results)),
    }


def _write_case(suite: ElementTree.Element, result: Result) -> None:
    test = result.test
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=_writable(test.name),
        classname=test.file.removesuffix(".yaml").replace("/", "."),
        file=test.file,
        line=str(test.line),
        time=_seconds(result.seconds),
    )
    if result.failures:
        message = "; ".join(str(failure) for failure in result.failures)
        failure = ElementTree.SubElement(
            case, "failure", type="expectation", message=_writable(message)
        )
        failure.text = _writable("\n".join(result.failure_lines()))


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("?", text)
