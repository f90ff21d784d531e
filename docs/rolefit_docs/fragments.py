"""Parts of the hand-written pages that come from the code.

A page asks for one with a line of its own: `<!-- generated: settings -->`.
"""

from __future__ import annotations

import enum
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import yaml
from google.protobuf.message import Message

import rolefit.client
from rolefit.client import Client, parse_profile
from rolefit.client import errors as client_errors
from rolefit.client.bundled import example_names, example_summary, example_text
from rolefit.engine import Engine
from rolefit.server import errors
from rolefit.server.config import Setting, settings
from rolefit.server.metric_names import METRICS
from rolefit.server.validation import Violation
from rolefit.v1.errors_pb2 import ErrorReason
from rolefit.v1.recommendation_service_pb2 import RecommendResponse, View
from rolefit_docs.limits import limits_table
from rolefit_docs.links import Kind, Linker
from rolefit_docs.markdown import anchored, code, escaped, page, table
from rolefit_docs.sources import Sources

_MARKER = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)

Fragment = Callable[[Sources, Linker], str]


def fill(text: str, sources: Sources, linker: Linker) -> str:
    """A page with its markers replaced.

    Raises:
        KeyError: A marker names no fragment.
    """
    return _MARKER.sub(lambda match: _FRAGMENTS[match[1]](sources, linker), text)


def _counts(sources: Sources, linker: Linker) -> str:
    about = sources.catalogue.ruleset
    ruleset = sources.ruleset
    rpcs = sum(len(service.rpcs) for file in sources.contract for service in file.services)
    rules = linker.href("reference/rules/index.md")
    claims = linker.href("reference/claims.md")
    codes = linker.href("reference/codes.md")
    return (
        f"This site describes the rule set {code(f'{about.name} {about.version}')}: "
        f"[{len(ruleset.rules)} rules]({rules}), [{len(ruleset.claims)} claims]({claims}), "
        f"[{len(ruleset.codes)} finding codes]({codes}), {rpcs} RPCs."
    )


def _settings(_: Sources, __: Linker) -> str:
    rows = [
        (
            f"{anchored(code(setting.flag), setting.flag.removeprefix('--'))}<br>"
            f"{code(setting.variable)}",
            _default(setting),
            escaped(setting.about.text) + _range(setting),
        )
        for setting in settings()
    ]
    return table(("Flag and variable", "Default", "Meaning"), rows)


def _default(setting: Setting) -> str:
    value = setting.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, enum.Enum):
        value = value.value
    return code(f"{value:g}" if isinstance(value, float) else str(value))


def _range(setting: Setting) -> str:
    about = setting.about
    if setting.type is bool:
        return f" Switch it off with {code(f'--no-{setting.flag[2:]}')}."
    if isinstance(setting.type, type) and issubclass(setting.type, enum.Enum):
        values = " or ".join(code(str(value.value)) for value in setting.type)
        return f" One of {values}."
    if about.least is None or about.most is None:
        return ""
    return f" From {about.least:,.15g} to {about.most:,.15g}."


def _metrics(_: Sources, __: Linker) -> str:
    rows = [
        (
            anchored(code(metric.name), metric.name),
            metric.kind.value,
            ", ".join(map(code, metric.labels)) or "none",
            escaped(metric.about),
        )
        for metric in METRICS
    ]
    return table(("Metric", "Type", "Labels", "Meaning"), rows)


def _errors(_: Sources, linker: Linker) -> str:
    samples = [
        errors.invalid_fields([Violation("profile.skills.model_depth", "…")]),
        errors.malformed("rolefit.v1.RecommendRequest", "it does not parse"),
        errors.not_found("there is no rule …"),
        errors.ruleset_not_held("sha256:…", ["sha256:…"]),
        errors.overloaded(256),
        errors.rate_exceeded(0.25),
        errors.credential_missing(),
        errors.credential_rejected(),
        errors.caller_not_allowed(),
        errors.deadline_passed(),
        errors.internal("…"),
    ]
    return table(
        ("Status", "Reason", "Details", "Message, for example"),
        [
            (
                code(sample.code.name),
                _reason(sample, linker),
                ", ".join(code(detail.DESCRIPTOR.full_name) for detail in sample.details),
                escaped(sample.message),
            )
            for sample in samples
        ]
        + [
            (
                code(grpc.StatusCode.RESOURCE_EXHAUSTED.name),
                "none",
                "none",
                "gRPC's own: the request is larger than "
                "[`--max-message-bytes`](#max-message-bytes)",
            )
        ],
    )


def _reason(sample: errors.CallError, linker: Linker) -> str:
    (name,) = (getattr(detail, "reason", "") for detail in sample.details[-1:])
    ErrorReason.Value(f"ERROR_REASON_{name}")
    return linker.to(Kind.SYMBOL, f"ERROR_REASON_{name}", code(name))


def _views(sources: Sources, linker: Linker) -> str:
    views = [View.VIEW_BASIC, View.VIEW_STANDARD, View.VIEW_FULL]
    rows = []
    with Engine(sources.ruleset) as engine:
        for name in example_names():
            profile = parse_profile(_profile(name))
            sizes = []
            for view in views:
                response = RecommendResponse(
                    recommendation=engine.recommend(profile, view),
                    ruleset=sources.catalogue.ruleset,
                    decision_id="0" * 32,
                )
                sizes.append(_size(response))
            rows.append((code(name), *sizes))
    header = ("Example", *(linker.to(Kind.SYMBOL, View.Name(view)) for view in views))
    return table(header, rows)


def _profile(name: str) -> Mapping[str, Any]:
    profile: Mapping[str, Any] = yaml.safe_load(example_text(name))
    return profile


def _size(message: Message) -> str:
    return f"{message.ByteSize():,} bytes"


def _methods(_: Sources, __: Linker) -> str:
    """The public methods of the client, those of its base classes after its own."""
    names = dict.fromkeys(
        name
        for owner in inspect.getmro(Client)
        for name, member in vars(owner).items()
        if inspect.isfunction(member) and not name.startswith("_")
    )
    methods = {name: getattr(Client, name) for name in names}
    rows = [
        (
            anchored(code(name), f"Client.{name}"),
            _parameters(method),
            escaped(_first_paragraph(method)),
        )
        for name, method in methods.items()
    ]
    return table(("Method", "Takes", "What it does"), rows)


def _parameters(method: Callable[..., object]) -> str:
    parameters = [*inspect.signature(method).parameters.values()][1:]
    names = [
        each.name if each.default is each.empty else f"{each.name}=" for each in parameters
    ]
    return ", ".join(map(code, names))


def _exceptions(_: Sources, __: Linker) -> str:
    """What the client raises, bases first."""
    exceptions = [
        member
        for member in vars(client_errors).values()
        if inspect.isclass(member)
        and issubclass(member, client_errors.RolefitError)
        and hasattr(rolefit.client, member.__name__)
    ]
    rows = [(code(each.__name__), escaped(_first_paragraph(each))) for each in exceptions]
    return table(("Exception", "When"), rows)


def _first_paragraph(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _examples(_: Sources, __: Linker) -> str:
    rows = [(code(name), escaped(example_summary(name))) for name in example_names()]
    return table(("Example", "Person"), rows)


def _command(_: Sources, __: Linker) -> str:
    """The help of the client's command and of each of its commands."""
    overview = _help()
    listed = overview.split("\ncommands:\n")[-1].split("\n\n")[0]
    blocks = [f"```text\n{overview}\n```"]
    for name in re.findall(r"^ {4}([a-z][a-z-]*)\b", listed, re.MULTILINE):
        blocks.append(f"### rolefit {name}\n\n```text\n{_help(name)}\n```")
    return page(*blocks)


def _help(*command: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "rolefit.client", *command, "--help"],
        env={**os.environ, "COLUMNS": "80", "ROLEFIT_SERVER": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


_FRAGMENTS: dict[str, Fragment] = {
    "command": _command,
    "counts": _counts,
    "errors": _errors,
    "exceptions": _exceptions,
    "examples": _examples,
    "limits": lambda _, __: limits_table(),
    "methods": _methods,
    "metrics": _metrics,
    "settings": _settings,
    "views": _views,
}
