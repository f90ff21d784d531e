"""The commands that show the catalogue: `rolefit paths`, `rules`, `claims` and `explain`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from google.protobuf.descriptor import EnumDescriptor

from rolefit.client.command_line import (
    ANSWERED,
    USAGE,
    Commands,
    Failure,
    add_command,
    add_json,
    connected,
    console,
    path_named,
    print_json,
)
from rolefit.client.enum_names import number_of, short_names
from rolefit.client.errors import NotFound
from rolefit.client.field_value import did_you_mean, shown
from rolefit.v1 import catalogue_pb2, path_pb2
from rolefit.v1 import catalogue_service_pb2 as pb

if TYPE_CHECKING:
    from rolefit.client.catalogue import CodeEntry
    from rolefit.client.catalogue_report import CatalogueReport

_FILTERS = ("claim", "code", "path", "layer")


def add_catalogue(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the commands to the parser."""
    _add_paths(_add(commands, "paths", "show the five paths, or compare some", _paths))
    _add_rules(_add(commands, "rules", "list the rules, or show one", _rules))
    _add(commands, "claims", "list the claims of the guide and where each lives", _claims)
    explain = _add(commands, "explain", "say what a finding code means", _explain)
    explain.add_argument("code", metavar="CODE", help="such as RISK_NARROW_SEATS")


def _add(
    commands: Commands[argparse.ArgumentParser],
    name: str,
    summary: str,
    perform: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = add_command(commands, name, summary, f"{summary[0].upper()}{summary[1:]}.")
    add_json(parser)
    parser.set_defaults(perform=perform)
    return parser


def _add_paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        type=path_named,
        help="such as ml-engineer; one is shown whole, several are compared",
    )


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule_id", nargs="?", metavar="RULE_ID", help="the rule to show")
    parser.add_argument(
        "--claim", metavar="CLAIM", type=str.upper, help="only rules that cite it, as G26"
    )
    parser.add_argument(
        "--code", metavar="CODE", type=_code_name, help="only rules that add this finding"
    )
    parser.add_argument(
        "--path",
        metavar="PATH",
        type=_name_in("path", path_pb2.Path.DESCRIPTOR),
        help="only rules that speak of this path",
    )
    parser.add_argument(
        "--layer",
        metavar="LAYER",
        type=_name_in("layer", catalogue_pb2.RuleLayer.DESCRIPTOR),
        help="only rules of this kind, such as verdict",
    )


def _name_in(what: str, enum: EnumDescriptor) -> Callable[[str], str]:
    """Make what reads the name of a value, in whatever case, with ``-`` or ``_``."""

    def read(text: str) -> str:
        try:
            return short_names(enum)[number_of(enum, what, text)]
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _paths(parsed: argparse.Namespace) -> int:
    if parsed.paths:
        return _one_path(parsed) if len(parsed.paths) == 1 else _comparison(parsed)
    with connected(parsed) as client:
        paths = client.list_paths()
    if parsed.json:
        print_json(pb.ListPathsResponse(paths=[path.message for path in paths]))
    else:
        _report().print_paths(paths)
    return ANSWERED


def _one_path(parsed: argparse.Namespace) -> int:
    with connected(parsed) as client:
        path = client.get_path(parsed.paths[0])
    if parsed.json:
        print_json(pb.GetPathResponse(path=path.message))
    else:
        _report().print_path(path)
    return ANSWERED


def _comparison(parsed: argparse.Namespace) -> int:
    with connected(parsed) as client:
        rows = client.compare_paths(parsed.paths)
    if parsed.json:
        print_json(pb.ComparePathsResponse(rows=[row.message for row in rows]))
    else:
        _report().print_comparison(rows)
    return ANSWERED


def _rules(parsed: argparse.Namespace) -> int:
    filters = {name: getattr(parsed, name) for name in _FILTERS}
    if parsed.rule_id is not None:
        if any(value is not None for value in filters.values()):
            raise Failure("Name a rule or give filters, not both.", USAGE)
        return _rule(parsed)
    with connected(parsed) as client:
        rules = list(client.list_rules(**filters))
    if parsed.json:
        messages = [rule.message for rule in rules]
        print_json(pb.ListRulesResponse(rules=messages, total_size=len(rules)))
    else:
        _report().print_rules(rules)
    return ANSWERED


def _rule(parsed: argparse.Namespace) -> int:
    with connected(parsed) as client:
        rule = client.get_rule(parsed.rule_id)
    if parsed.json:
        print_json(pb.GetRuleResponse(rule=rule.message))
    else:
        _report().print_rule(rule)
    return ANSWERED


def _claims(parsed: argparse.Namespace) -> int:
    with connected(parsed) as client:
        claims = client.list_claims()
    if parsed.json:
        messages = [claim.message for claim in claims]
        print_json(pb.ListClaimsResponse(claims=messages, total_size=len(claims)))
    else:
        _report().print_claims(claims)
    return ANSWERED


def _explain(parsed: argparse.Namespace) -> int:
    with connected(parsed) as client:
        code = _code(parsed.code, client.list_codes())
        claims = [claim for claim in client.list_claims() if claim.id in code.claims]
        rules = list(client.list_rules(code=code.code))
    if parsed.json:
        import json

        from google.protobuf.json_format import MessageToDict

        # No one message of the contract has all of it, so each part is one.
        parts = {
            "code": MessageToDict(code.message),
            "claims": [MessageToDict(claim.message) for claim in claims],
            "rules": [MessageToDict(rule.message) for rule in rules],
        }
        print(json.dumps(parts, ensure_ascii=False, indent=2))
    else:
        _report().print_explanation(code, claims, rules)
    return ANSWERED


def _code_name(text: str) -> str:
    return text.upper().replace("-", "_")


def _code(wanted: str, codes: Iterable[CodeEntry]) -> CodeEntry:
    by_name = {code.code: code for code in codes}
    name = _code_name(wanted)
    if name not in by_name:
        hint = did_you_mean(name, list(by_name))
        raise NotFound(f"There is no finding code {shown(wanted)}{hint}")
    return by_name[name]


def _report() -> CatalogueReport:
    from rolefit.client.catalogue_report import CatalogueReport

    return CatalogueReport(console())
