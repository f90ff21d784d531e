"""Loads a rules folder: reads every file, checks it, and reports all problems at once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from rolefit.engine.catalogue_parsing import read_catalogue
from rolefit.engine.checks import check_ruleset
from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH, Names
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.rule_parsing import RuleParser, read_claim_ids, read_template
from rolefit.engine.ruleset import (
    ALL_PATHS,
    CERTAINTIES,
    FITS,
    PATHS,
    SENTENCES,
    STRENGTHS,
    Band,
    Claim,
    Code,
    FindingRule,
    FitRule,
    ItemRule,
    PathCard,
    PayNoteRule,
    RoundRule,
    Rule,
    Ruleset,
    SignalRule,
    SkillsInDemand,
    StatementRule,
    Threshold,
    VerdictRule,
)
from rolefit.engine.templates import Template
from rolefit.engine.vocabulary import (
    EFFORTS,
    Change,
    Field,
    FieldWords,
    Kind,
    Vocabulary,
    contract_fields,
)
from rolefit.engine.yaml_source import Value, read_yaml, suggest

if TYPE_CHECKING:
    from importlib.abc import Traversable

FINDING_KINDS = ("CONTRADICTION", "GATE", "RISK", "MISSING", "EVIDENCE", "NEXT_STEP", "NOTE")
_RULE_FOLDER = "topics"
# Stands beside the rules, for `rules verify`; no answer depends on it.
_PROPERTIES = "properties.yaml"
_FILES = (
    "ruleset",
    "vocabulary",
    "claims",
    "codes",
    "thresholds",
    "paths",
    "sentences",
    "compensation",
    "catalogue/paths",
    "catalogue/dimensions",
)


def load_ruleset(directory: Path | None = None) -> Ruleset:
    """Loads and checks a rules folder; without one, the rules that ship with the package.

    Raises:
        RulesetError: The rules cannot be used. It lists every problem found, each with
            file, line and what would be valid.
    """
    sources = _read_sources(directory or resources.files("rolefit.rules"))
    problems: list[Problem] = []
    values: dict[str, Value] = {}
    for file, text in sources.items():
        with _collecting(problems):
            values[file] = read_yaml(text, file)
    known = {f"{name}.yaml" for name in _FILES}
    problems += [Problem(name, 0, "the file is missing") for name in known - sources.keys()]
    for file in sources.keys() - known:
        if not (file.startswith(f"{_RULE_FOLDER}/") and file.endswith(".yaml")):
            message = f"the file is not read; rules stand in {_RULE_FOLDER}/*.yaml"
            problems.append(Problem(file, 0, message))
    if problems:
        raise RulesetError(problems)
    ruleset = _assemble(values, _digest(sources))
    check_ruleset(ruleset)
    return ruleset


def _read_sources(root: Traversable) -> dict[str, str]:
    """Text of every YAML file by path from the root, sorted."""
    sources = {}
    if not root.is_dir():
        raise RulesetError([Problem(str(root), 0, "there is no such rules folder")])
    entries = [("", entry) for entry in root.iterdir()]
    for name in (_RULE_FOLDER, "catalogue"):
        folder = root / name
        if folder.is_dir():
            entries += [(f"{name}/", entry) for entry in folder.iterdir()]
    for prefix, entry in entries:
        file = f"{prefix}{entry.name}"
        if prefix and entry.is_dir() and not entry.name.startswith(("_", ".")):
            message = f"the folder is not read; rules stand in {_RULE_FOLDER}/*.yaml"
            raise RulesetError([Problem(file, 0, message)])
        if entry.name.endswith((".yaml", ".yml")) and file != _PROPERTIES:
            try:
                sources[file] = entry.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise RulesetError([Problem(file, 0, f"cannot be read: {error}")]) from None
    return dict(sorted(sources.items()))


def _digest(sources: dict[str, str]) -> str:
    sha = hashlib.sha256()
    for file, text in sources.items():
        for part in (file, text):
            data = part.encode()
            sha.update(len(data).to_bytes(8, "big") + data)
    return f"sha256:{sha.hexdigest()}"


@contextlib.contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    try:
        yield
    except RulesetError as error:
        problems.extend(error.problems)


def _assemble(values: dict[str, Value], digest: str) -> Ruleset:
    meta = values["ruleset.yaml"].as_mapping(
        "ruleset.yaml", required=("name", "version"), optional=("guide",)
    )
    vocabulary = _read_vocabulary(values["vocabulary.yaml"])
    claims = _read_claims(values["claims.yaml"])
    codes = _read_codes(values["codes.yaml"], claims)
    bands = _read_bands(values["compensation.yaml"], claims)
    thresholds = _read_thresholds(values["thresholds.yaml"], bands)
    paths, fit_bands, skills = _read_paths(values["paths.yaml"], claims)
    topics = {f: v for f, v in values.items() if f.startswith(f"{_RULE_FOLDER}/")}
    rules = _read_rules(topics, vocabulary, claims, codes, thresholds)
    return Ruleset(
        name=meta["name"].as_text("name"),
        version=meta["version"].as_text("version"),
        digest=digest,
        vocabulary=vocabulary,
        claims=claims,
        codes=codes,
        thresholds=thresholds,
        paths=paths,
        fit_bands=fit_bands,
        sentences=_read_sentences(values["sentences.yaml"]),
        skills_in_demand=skills,
        bands=bands,
        signals=tuple(r for r in rules if isinstance(r, SignalRule)),
        findings=tuple(r for r in rules if isinstance(r, FindingRule)),
        fits=tuple(r for r in rules if isinstance(r, FitRule)),
        verdicts=tuple(r for r in rules if isinstance(r, VerdictRule)),
        statements=tuple(r for r in rules if isinstance(r, StatementRule)),
        pay_notes=tuple(r for r in rules if isinstance(r, PayNoteRule)),
        rounds=tuple(r for r in rules if isinstance(r, RoundRule)),
        items=tuple(r for r in rules if isinstance(r, ItemRule)),
        guide=meta["guide"].as_text("guide") if "guide" in meta else "",
        catalogue=read_catalogue(
            values["catalogue/paths.yaml"], values["catalogue/dimensions.yaml"], claims
        ),
    )


def _read_vocabulary(value: Value) -> Vocabulary:
    entries = value.as_mapping("vocabulary.yaml", required=("fields", "ask_first", "ask_order"))
    contract = contract_fields()
    given = entries["fields"].as_mapping("fields", required=contract)
    words = {path: _read_words(given[path], contract[path]) for path in contract}
    order = _read_paths_to_ask(entries["ask_order"], contract)
    first = _read_paths_to_ask(entries["ask_first"], order)
    return Vocabulary(contract, words, order, first)


def _read_paths_to_ask(value: Value, known: Collection[str]) -> tuple[str, ...]:
    paths = []
    for item in value.as_list("a list of fields to ask for"):
        path = item.as_text("a field path")
        if path not in known:
            raise item.error(f"there is no field '{path}' to ask for{suggest(path, known)}")
        paths.append(path)
    return tuple(dict.fromkeys(paths))


def _read_words(value: Value, field: Field) -> FieldWords:
    required = ("label", "question", *(("unit",) if field.kind is Kind.NUMBER else ()))
    entries = value.as_mapping("a field", required=required, optional=("values", "change"))
    valid: Iterable[str] | None = None if field.kind is Kind.TEXT else field.values
    values = {}
    if "values" in entries:
        given = entries["values"].as_mapping("values", optional=valid)
        values = {token: text.as_text("words") for token, text in given.items()}
    return FieldWords(
        entries["label"].as_text("label"),
        entries["question"].as_text("question"),
        values,
        entries["unit"].as_text("unit") if "unit" in entries else "",
        _read_change(entries["change"]) if "change" in entries else None,
    )


def _read_change(value: Value) -> Change:
    entries = value.as_mapping("change", required=("effort",), optional=("only_up",))
    efforts = [effort.lower() for effort in EFFORTS]
    effort = entries["effort"].as_text("effort")
    if effort not in efforts:
        raise entries["effort"].error(f"an effort is one of {', '.join(efforts)}")
    only_up = "only_up" in entries and entries["only_up"].as_flag("only_up")
    return Change(effort.upper(), only_up)


def _read_claims(value: Value) -> dict[str, Claim]:
    claims = {}
    for name, item in value.as_mapping("claims.yaml", optional=None).items():
        entries = item.as_mapping(
            f"claim {name}", required=("section", "kind", "strength", "text")
        )
        texts = {key: entry.as_text(key) for key, entry in entries.items()}
        if texts["strength"] not in STRENGTHS:
            raise entries["strength"].error("strength must be H, S or M")
        claims[name] = Claim(id=name, **texts)
    return claims


def _read_codes(value: Value, claims: dict[str, Claim]) -> dict[str, Code]:
    codes = {}
    for rank, (name, item) in enumerate(value.as_mapping("codes.yaml", optional=None).items()):
        entries = item.as_mapping(f"code {name}", required=("kind", "means", "claims"))
        kind = entries["kind"].as_text("kind")
        if kind not in FINDING_KINDS:
            raise entries["kind"].error(
                f"there is no kind '{kind}'{suggest(kind, FINDING_KINDS)}"
            )
        cited = read_claim_ids(entries["claims"], claims)
        codes[name] = Code(name, kind, rank, entries["means"].as_text("means"), cited)
    return codes


def _read_thresholds(value: Value, bands: tuple[Band, ...]) -> dict[str, Threshold]:
    thresholds = {}
    for name, item in value.as_mapping("thresholds.yaml", optional=None).items():
        entries = item.as_mapping(f"threshold {name}", required=("value", "convention", "why"))
        thresholds[name] = Threshold(
            name,
            entries["value"].as_number("value"),
            entries["convention"].as_flag("convention"),
            entries["why"].as_text("why"),
        )
    for band in bands:
        name = f"{band.path}.{band.level}.high".lower()
        thresholds[name] = Threshold(name, band.high, False, "high end of the guide's band")
    return thresholds


def _read_bands(value: Value, known: dict[str, Claim]) -> tuple[Band, ...]:
    bands = []
    levels = contract_fields()["level"].values
    for path, item in value.as_mapping("compensation.yaml", optional=PATHS).items():
        for level, row in item.as_mapping(path, optional=levels).items():
            entries = row.as_mapping(
                level, required=("low", "high", "claims"), optional=("open_ended",)
            )
            low, high = (entries[end].as_whole_number(end) for end in ("low", "high"))
            if low >= high:
                raise row.error("low must be below high")
            open_ended = "open_ended" in entries and entries["open_ended"].as_flag("open_ended")
            claims = read_claim_ids(entries["claims"], known)
            bands.append(Band(path, level, low, high, open_ended, claims))
    return tuple(bands)


def _read_paths(
    value: Value, claims: dict[str, Claim]
) -> tuple[dict[str, PathCard], tuple[tuple[int, str], ...], SkillsInDemand]:
    entries = value.as_mapping(
        "paths.yaml", required=("paths", "fit_bands", "skills_in_demand")
    )
    cards = {}
    given = entries["paths"].as_mapping("paths", required=ALL_PATHS)
    for path in ALL_PATHS:
        card = given[path].as_mapping(path, required=("label",), optional=("open_now",))
        signal = card["open_now"].as_text("open_now") if "open_now" in card else ""
        cards[path] = PathCard(path, card["label"].as_text("label"), signal)
    bands = entries["fit_bands"].as_mapping("fit_bands", required=FITS[1:])
    lows = tuple((bands[fit].as_whole_number(fit), fit) for fit in reversed(FITS[1:]))
    if list(lows) != sorted(lows, reverse=True, key=lambda low: low[0]):
        raise entries["fit_bands"].error("a better fit must begin at more points")
    return cards, lows, _read_skills(entries["skills_in_demand"], claims)


def _read_skills(value: Value, claims: dict[str, Claim]) -> SkillsInDemand:
    entries = value.as_mapping("skills_in_demand", required=("path", "field", "claims"))
    path, field = (entries[key].as_text(key) for key in ("path", "field"))
    if path not in PATHS:
        raise entries["path"].error(f"there is no path '{path}'{suggest(path, PATHS)}")
    sets = [name for name, each in contract_fields().items() if each.kind is Kind.SET]
    if field not in sets:
        raise entries["field"].error(f"there is no set '{field}'{suggest(field, sets)}")
    return SkillsInDemand(path, field, read_claim_ids(entries["claims"], claims))


def _read_sentences(value: Value) -> dict[str, Template]:
    entries = value.as_mapping("sentences.yaml", required=SENTENCES)
    sentences = {}
    for name, words in SENTENCES.items():
        sentences[name] = read_template(entries[name])
        for hole in sentences[name].holes():
            if hole not in words:
                raise entries[name].error(f"this sentence can show {', '.join(words)} only")
    return sentences


def _read_rules(
    topics: dict[str, Value],
    vocabulary: Vocabulary,
    claims: dict[str, Claim],
    codes: dict[str, Code],
    thresholds: dict[str, Threshold],
) -> list[Rule]:
    problems: list[Problem] = []
    items: list[Value] = []
    for value in topics.values():
        with _collecting(problems):
            items.extend(value.as_list("a file of rules"))
    numbers = {name: threshold.value for name, threshold in thresholds.items()}
    names = Names(
        fields=vocabulary.fields,
        signals=frozenset(RuleParser.signal_names(items)),
        thresholds=numbers,
        answers={ANSWER_PATH: ALL_PATHS, ANSWER_CERTAINTY: CERTAINTIES},
    )
    parser = RuleParser(names, claims, codes)
    rules: list[Rule] = []
    for item in items:
        with _collecting(problems):
            rules.append(parser.parse(item))
    if problems:
        raise RulesetError(problems)
    return rules
