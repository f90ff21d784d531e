"""The catalogue: how it is read, and what is written from it and from the rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rolefit.engine import Engine, RulesetError, load_ruleset
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.checks import conditions_of
from rolefit.engine.condition_text import condition_text
from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    All,
    Any,
    Condition,
    Names,
    Not,
    Test,
    alternatives,
    parse_condition,
)
from rolefit.engine.ruleset import CERTAINTIES, PATHS, UNDETERMINED, Ruleset
from rolefit.engine.yaml_source import Value
from rolefit.v1 import catalogue_pb2 as pb
from rolefit.v1 import evidence_pb2
from rolefit.v1.path_pb2 import (
    PATH_ML_ENGINEER,
    PATH_RESEARCH_ENGINEER,
    PATH_RESEARCH_SCIENTIST,
    PATH_UNDETERMINED,
)

RULES = Path(__file__).parent.parent.parent / "rules"

PAGES = "catalogue/paths.yaml"
ROWS = "catalogue/dimensions.yaml"


@pytest.fixture(scope="module")
def ruleset(engine: Engine) -> Ruleset:
    return engine.ruleset


@pytest.fixture(scope="module")
def catalogue(ruleset: Ruleset) -> CatalogueMessages:
    return CatalogueMessages(ruleset)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


# -- Reading -----------------------------------------------------------------------------


def statement(text: str = "It is so.", claims: str = "[G26]") -> str:
    return f"{{text: '{text}', claims: {claims}}}"


def pages(tagline: str = "", sections: str = "{}", first: str = PATHS[0]) -> str:
    return "".join(
        f"{path}:\n  tagline: {tagline or statement()}\n  sections: {sections}\n"
        for path in (first, *PATHS[1:])
    )


def section(statements: str = "", name: str = "scope", title: str = "Scope") -> str:
    return f"{{{name}: {{title: '{title}', statements: [{statements}]}}}}"


@pytest.mark.parametrize(
    ("file", "text", "line", "message"),
    [
        (PAGES, pages(statement(claims="[G26, G137]")), 2, "there is no claim 'G137'"),
        (PAGES, pages(statement(claims="[]")), 2, "at least one claim"),
        (PAGES, pages(statement("{level} counts.")), 2, "braces have no meaning"),
        (PAGES, pages("{text: It is so.}"), 2, "tagline lacks 'claims'"),
        (PAGES, pages("{txt: x, claims: [G1]}"), 2, "did you mean 'text'?"),
        (PAGES, pages(first="ML_ENGINER"), 1, "lacks 'ML_ENGINEER'"),
        (PAGES, pages(first="ML_ENGINER"), 2, "did you mean 'ML_ENGINEER'?"),
        (PAGES, pages(sections=section(name="Scope")), 3, "section Scope has no statement"),
        (PAGES, pages(sections=section(statement(), "Scope")), 3, "'Scope' is no id"),
        (PAGES, pages(sections=section(statement(), title="{")), 3, "title is plain"),
        (PAGES, pages(sections=section("plain words")), 3, "a statement must be a mapping"),
        (PAGES, "- nothing", 1, "the catalogue must be a mapping"),
        (ROWS, "pay: {title: Pay}", 1, "dimension pay says nothing of any path"),
        (ROWS, f"pay: {{title: Pay, CEO: {statement()}}}", 1, "dimension pay has no 'CEO'"),
        (ROWS, f"pay: {{ML_ENGINEER: {statement()}}}", 1, "dimension pay lacks 'title'"),
        (ROWS, f"Pay: {{title: P, ML_ENGINEER: {statement()}}}", 1, "'Pay' is no id"),
    ],
)
def test_a_defect_is_named(folder: Path, file: str, text: str, line: int, message: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(RulesetError) as error:
        load_ruleset(folder)
    found = [str(problem) for problem in error.value.problems]
    assert any(each.startswith(f"{file}:{line}: ") and message in each for each in found), found


def test_every_defect_of_a_file_is_named(folder: Path) -> None:
    (folder / PAGES).write_text(pages(statement(claims="[G999]")), encoding="utf-8")
    with pytest.raises(RulesetError) as error:
        load_ruleset(folder)
    assert len(error.value.problems) == len(PATHS)


@pytest.mark.parametrize("file", [PAGES, ROWS])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(RulesetError, match=f"{file}: the file is missing"):
        load_ruleset(folder)


def test_the_digest_covers_the_catalogue(folder: Path) -> None:
    before = load_ruleset(folder).digest
    with (folder / ROWS).open("a", encoding="utf-8") as file:
        file.write("# a word\n")
    assert load_ruleset(folder).digest != before


def test_a_statement_is_as_strong_as_its_weakest_claim(ruleset: Ruleset) -> None:
    strengths = set()
    for home, said in ruleset.catalogue.homes():
        claims = [ruleset.claims[claim].strength for claim in said.claims]
        assert said.strength == min(claims, key="MSH".index), home
        strengths.add(said.strength)
    assert len(strengths) > 1


# -- Conditions as text ------------------------------------------------------------------


def test_a_condition_reads_as_the_rule_language() -> None:
    condition = All(
        (
            Test("research_credential", "is no"),
            Any(
                (
                    Test("level", "is", ("SENIOR", "STAFF_PRINCIPAL")),
                    Not(
                        All(
                            (
                                Test("goals.motives", "is empty"),
                                Test("credentials.bootcamp_only_ml", "is", False),
                            )
                        )
                    ),
                    Test("publications.top_tier_papers", ">=", 3),
                )
            ),
        )
    )
    assert condition_text(condition).splitlines() == [
        "all of",
        "  research_credential is no",
        "  any of",
        "    level is SENIOR or STAFF_PRINCIPAL",
        "    not",
        "      all of",
        "        goals.motives is empty",
        "        credentials.bootcamp_only_ml is false",
        "    publications.top_tier_papers >= 3",
    ]
    assert condition_text(All(())) == "always"
    assert condition_text(Any(())) == "never"
    assert condition_text(All((Test("level", "is known"),))) == "level is known"


def as_yaml(lines: list[str]) -> Value:
    """The lines of one condition as the YAML it could come from; uses them up."""
    line = lines.pop(0)
    indent = len(line) - len(line.lstrip())
    word = {"all of": "all", "any of": "any", "not": "not"}.get(line.strip())
    if word is None:
        return Value("text", 1, text=line.strip())
    parts = []
    while lines and len(lines[0]) - len(lines[0].lstrip()) > indent:
        parts.append(as_yaml(lines))
    inner = parts[0] if word == "not" else Value("text", 1, items=tuple(parts))
    return Value("text", 1, entries={word: inner})


def test_every_condition_can_be_read_back(ruleset: Ruleset) -> None:
    names = Names(
        fields=ruleset.vocabulary.fields,
        signals=frozenset(rule.signal for rule in ruleset.signals),
        thresholds={},
        answers={ANSWER_PATH: (*PATHS, UNDETERMINED), ANSWER_CERTAINTY: CERTAINTIES},
    )

    def read_back(condition: Condition) -> Condition:
        return parse_condition(as_yaml(condition_text(condition).splitlines()), names)

    conditions = [each for rule in ruleset.rules for each in conditions_of(rule)]
    assert len(conditions) > 100
    for condition in conditions:
        assert alternatives(read_back(condition)) == alternatives(condition)


# -- Messages ----------------------------------------------------------------------------


def test_every_claim_has_a_home(catalogue: CatalogueMessages) -> None:
    assert list(catalogue.claims) == [f"G{number}" for number in range(1, 137)]
    assert [claim.id for claim in catalogue.claims.values() if not claim.homes] == []


def test_homes_are_the_places_that_cite_a_claim(
    catalogue: CatalogueMessages, ruleset: Ruleset
) -> None:
    homes = {home for claim in catalogue.claims.values() for home in claim.homes}
    assert {f"rule {rule.id}" for rule in ruleset.rules if rule.claims} <= homes
    assert "dimension core-job" in homes
    assert "pay band ML_ENGINEER MID" in homes
    assert "rule research-credential" in catalogue.claims["G26"].homes
    assert "pay band ML_ENGINEER MID" in catalogue.claims["G34"].homes
    for page in ruleset.catalogue.pages.values():
        for each in page.sections:
            assert f"catalogue {page.path} {each.id}" in homes
    for claim in catalogue.claims.values():
        assert len(set(claim.homes)) == len(claim.homes)


def test_rules_come_by_layer_and_all_of_them(
    catalogue: CatalogueMessages, ruleset: Ruleset
) -> None:
    entries = list(catalogue.rules.values())
    assert {entry.id for entry in entries} == {rule.id for rule in ruleset.rules}
    assert [entry.layer for entry in entries] == sorted(entry.layer for entry in entries)
    assert {entry.layer for entry in entries} == set(pb.RuleLayer.values()) - {0}
    for entry in entries:
        assert entry.concludes
        assert entry.condition
        assert all(entry.sentences)
        assert (RULES / entry.source.rpartition(":")[0]).exists()


@pytest.mark.parametrize(
    ("rule", "layer", "concludes", "paths"),
    [
        ("research-credential", pb.RULE_LAYER_SIGNAL, "research_credential", []),
        (
            "narrow-seats",
            pb.RULE_LAYER_FINDING,
            "RISK_NARROW_SEATS",
            [PATH_RESEARCH_SCIENTIST],
        ),
        (
            "verdict-research-scientist",
            pb.RULE_LAYER_VERDICT,
            "RESEARCH_SCIENTIST",
            [PATH_RESEARCH_SCIENTIST],
        ),
        (
            "verdict-want-against-liking",
            pb.RULE_LAYER_VERDICT,
            "UNDETERMINED",
            [PATH_UNDETERMINED],
        ),
        (
            "round-engineer-coding",
            pb.RULE_LAYER_PREPARATION,
            "round ML_ENGINEER: Coding",
            [PATH_ML_ENGINEER],
        ),
    ],
)
def test_a_rule_says_what_it_concludes_and_of_which_paths(
    catalogue: CatalogueMessages,
    rule: str,
    layer: pb.RuleLayer.ValueType,
    concludes: str,
    paths: list[int],
) -> None:
    entry = catalogue.rules[rule]
    assert (entry.layer, entry.concludes) == (layer, concludes)
    assert list(entry.paths) == paths


def test_a_signal_has_three_sentences_and_may_have_a_condition_for_no(
    catalogue: CatalogueMessages,
) -> None:
    doctorate = catalogue.rules["doctorate"]
    assert doctorate.sentences[0] == "You hold a doctorate."
    assert len(doctorate.sentences) == 3
    assert "credentials.phd_status is NONE or IN_PROGRESS" in doctorate.no_condition
    assert not catalogue.rules["research-credential"].no_condition


def test_a_round_shows_each_of_its_conditions(
    catalogue: CatalogueMessages, ruleset: Ruleset
) -> None:
    for rule in ruleset.rounds:
        assert catalogue.rules[rule.id].condition.startswith("when\n  ")
        assert len(catalogue.rules[rule.id].sentences) == 5


def test_the_comparison_has_a_cell_for_each_path_and_no_empty_row(
    catalogue: CatalogueMessages, ruleset: Ruleset
) -> None:
    both = [PATH_RESEARCH_SCIENTIST, PATH_ML_ENGINEER]
    rows = catalogue.comparison(both)
    assert all([cell.path for cell in row.cells] == both for row in rows)
    bridge = catalogue.comparison([PATH_RESEARCH_ENGINEER])
    assert 0 < len(bridge) < len(ruleset.catalogue.dimensions)
    assert all(row.cells[0].HasField("statement") for row in bridge)


def test_paths_have_their_words(catalogue: CatalogueMessages) -> None:
    assert list(catalogue.paths) == [1, 2, 3, 4, 5]
    engineer = catalogue.paths[PATH_ML_ENGINEER]
    assert engineer.title == "ML engineer"
    assert engineer.tagline.claims
    assert engineer.tagline.strength == evidence_pb2.CLAIM_STRENGTH_FLAT
    assert [each.id for each in engineer.sections]


def test_codes_name_their_rules(catalogue: CatalogueMessages) -> None:
    assert next(iter(catalogue.codes)) == "CONTRADICTION"
    assert list(catalogue.codes["RISK_NARROW_SEATS"].rule_ids) == [
        "narrow-seats-senior",
        "narrow-seats",
    ]
    assert all(code.meaning and code.rule_ids for code in catalogue.codes.values())


def test_the_ruleset_tells_its_vocabulary_and_its_conventions(
    catalogue: CatalogueMessages, ruleset: Ruleset
) -> None:
    about = catalogue.about
    assert (about.rule_count, about.claim_count) == (len(ruleset.rules), 136)
    assert about.code_count == len(ruleset.codes)
    assert "25 April 2026" in about.guide
    words = {entry.field: entry for entry in about.vocabulary}
    assert list(words) == list(ruleset.vocabulary.fields)
    assert words[ruleset.vocabulary.ask_order[0]].ask_rank == 1
    assert words["level"].kind == "choice"
    assert "SENIOR" in words["level"].values
    conventions = {each.name: each for each in about.conventions}
    assert conventions["$equivalent_papers"].value == "3"
    assert {rule.id for rule in ruleset.rules if rule.convention} <= set(conventions)
    assert all(each.why for each in about.conventions)
    assert "$ml_engineer.mid.high" not in conventions
