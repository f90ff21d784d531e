"""Pages about the guide and what the rule set makes of it: paths, claims, codes, choices."""

from __future__ import annotations

import itertools

from rolefit.engine.catalogue import Statement
from rolefit_docs.links import Kind, Linker, Links
from rolefit_docs.markdown import (
    anchored,
    bullets,
    code,
    escaped,
    heading,
    page,
    table,
)
from rolefit_docs.page import Page
from rolefit_docs.sources import Sources

STRENGTH_WORDS = {"H": "flat", "S": "hedged", "M": "permissive", "": "no claim"}

_MAIN_PATHS = ("ML_ENGINEER", "RESEARCH_SCIENTIST")


def kind_words(kind: str) -> str:
    """The name of a kind of finding as people read it: "Next step"."""
    return kind.replace("_", " ").capitalize()


def cited(linker: Linker, statement: Statement) -> str:
    """The claims behind a statement, and how flatly they are put."""
    claims = linker.all_to(Kind.CLAIM, statement.claims)
    return f"{claims}, {STRENGTH_WORDS[statement.strength]}"


class PathsPage(Page):
    """The catalogue of the paths, and the table that compares them."""

    uri = "reference/paths.md"
    title = "Paths"

    def __init__(self, sources: Sources):
        self._sources = sources
        self._catalogue = sources.ruleset.catalogue

    def register(self, links: Links) -> None:
        """Note paths, their sections and dimensions."""
        for path, entry in self._catalogue.pages.items():
            links.add(Kind.CATALOGUE, path, self.uri, path)
            links.add(Kind.CATALOGUE, f"{path} tagline", self.uri, path)
            for section in entry.sections:
                anchor = f"{path}-{section.id}"
                links.add(Kind.CATALOGUE, f"{path} {section.id}", self.uri, anchor)
        for dimension in self._catalogue.dimensions:
            links.add(Kind.DIMENSION, dimension.id, self.uri, f"dimension-{dimension.id}")

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        return page(
            heading(1, "Paths"),
            "What the guide says of each path, with the claims behind each sentence. Of the "
            "three bridges it says little, and nothing is added. The same comes from "
            f"{linker.to(Kind.SYMBOL, 'ListPaths')} and "
            f"{linker.to(Kind.SYMBOL, 'ComparePaths')}.",
            *(self._path(linker, path) for path in self._catalogue.pages),
            heading(2, "Comparison", "comparison"),
            "One row for each dimension. An empty cell: the guide says nothing there.",
            self._comparison(linker),
        )

    def _path(self, linker: Linker, path: str) -> str:
        entry = self._catalogue.pages[path]
        blocks = [
            heading(2, escaped(self._sources.path_title(path)), path),
            f"{escaped(entry.tagline.text)} ({cited(linker, entry.tagline)})",
            f"In the contract: {linker.to(Kind.SYMBOL, f'PATH_{path}')}.",
        ]
        for section in entry.sections:
            blocks.append(heading(3, escaped(section.title), f"{path}-{section.id}"))
            blocks.append(
                bullets(
                    f"{escaped(statement.text)} ({cited(linker, statement)})"
                    for statement in section.statements
                )
            )
        return page(*blocks)

    def _comparison(self, linker: Linker) -> str:
        rows = []
        for dimension in self._catalogue.dimensions:
            main = [
                self._cell(linker, dimension.cells[path]) if path in dimension.cells else ""
                for path in _MAIN_PATHS
            ]
            bridges = [
                f"{escaped(self._sources.path_title(path))}: {self._cell(linker, statement)}"
                for path, statement in dimension.cells.items()
                if path not in _MAIN_PATHS
            ]
            title = anchored(escaped(dimension.title), f"dimension-{dimension.id}")
            rows.append((title, *main, "<br>".join(bridges)))
        titles = [escaped(self._sources.path_title(path)) for path in _MAIN_PATHS]
        return table(("", *titles, "Bridges"), rows)

    @staticmethod
    def _cell(linker: Linker, statement: Statement) -> str:
        return f"{escaped(statement.text)} ({cited(linker, statement)})"


class ClaimsPage(Page):
    """Every claim of the guide, and where each lives."""

    uri = "reference/claims.md"
    title = "Claims and coverage"

    def __init__(self, sources: Sources):
        self._sources = sources

    def register(self, links: Links) -> None:
        """Note the claims."""
        for claim in self._sources.ruleset.claims:
            links.add(Kind.CLAIM, claim, self.uri, claim)

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        ruleset = self._sources.ruleset
        homes = {name: entry.homes for name, entry in self._sources.catalogue.claims.items()}
        covered = sum(bool(places) for places in homes.values())
        missing = [name for name, places in homes.items() if not places]
        sections = itertools.groupby(ruleset.claims.values(), lambda claim: claim.section)
        blocks = []
        for section, claims in sections:
            rows = [
                (
                    anchored(claim.id, claim.id),
                    STRENGTH_WORDS[claim.strength],
                    escaped(claim.text),
                    ", ".join(home_link(linker, home) for home in homes[claim.id]),
                )
                for claim in claims
            ]
            blocks.append(heading(2, escaped(section)))
            blocks.append(table(("Claim", "Strength", "Text", "Lives in"), rows))
        return page(
            heading(1, "Claims and coverage"),
            f"{escaped(ruleset.guide)} It is taken apart into numbered claims. "
            f"**{covered} of {len(homes)}** live somewhere in the rule set: in a rule, in the "
            "catalogue of the paths, in the comparison or in a pay band.",
            f"Without a home: {', '.join(missing)}." if missing else "",
            "Strength says how firmly the guide puts a claim: *flat* is stated outright, "
            "*hedged* has an “often” or “usually”, *permissive* a “may” or “can”. A rule is as "
            "strong as the weakest claim it rests on. The same list comes from "
            f"{linker.to(Kind.SYMBOL, 'ListClaims')}.",
            *blocks,
        )


def home_link(linker: Linker, home: str) -> str:
    """A home of a claim, as `ClaimEntry.homes` words it, as a link.

    Raises:
        ValueError: No page says where homes of this sort are.
    """
    word, _, name = home.partition(" ")
    if word == "rule":
        return linker.to(Kind.RULE, name)
    if word == "catalogue":
        return linker.to(Kind.CATALOGUE, name, f"catalogue {code(name)}")
    if word == "dimension":
        return linker.to(Kind.DIMENSION, name, f"comparison {code(name)}")
    if home.startswith("pay band "):
        name = home.removeprefix("pay band ")
        return linker.to(Kind.BAND, name, f"pay band {code(name)}")
    if home.startswith("skills in demand "):
        return linker.to(Kind.SYMBOL, "SkillGap", "skills in demand")
    raise ValueError(f"no page for the home '{home}'")


class CodesPage(Page):
    """Every finding code."""

    uri = "reference/codes.md"
    title = "Finding codes"

    def __init__(self, sources: Sources):
        self._sources = sources

    def register(self, links: Links) -> None:
        """Note the codes."""
        for name in self._sources.ruleset.codes:
            links.add(Kind.CODE, name, self.uri, name)

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        entries = self._sources.catalogue.codes
        ruleset = self._sources.ruleset
        return page(
            heading(1, "Finding codes"),
            f"A finding ({linker.to(Kind.SYMBOL, 'Finding')}) has a code that never changes "
            "its meaning and is never renamed. Answers list findings in this order, principal "
            f"ones first. The same comes from {linker.to(Kind.SYMBOL, 'ListCodes')}.",
            *(
                page(
                    heading(2, code(name), name),
                    f"**{kind_words(ruleset.codes[name].kind)}.** "
                    f"{escaped(ruleset.codes[name].means)}",
                    self._claims(linker, ruleset.codes[name].claims),
                    self._rules(linker, [*entry.rule_ids]),
                )
                for name, entry in entries.items()
            ),
        )

    def _claims(self, linker: Linker, names: tuple[str, ...]) -> str:
        if not names:
            return "It rests on no claim: only the profile's own fields are compared."
        return page("Claims:", claim_list(self._sources, linker, names))

    def _rules(self, linker: Linker, rule_ids: list[str]) -> str:
        if not rule_ids:
            return "Given by no rule of this rule set."
        noun = "rule" if len(rule_ids) == 1 else "rules"
        return f"Given by the {noun} {linker.all_to(Kind.RULE, rule_ids)}."


def claim_list(sources: Sources, linker: Linker, names: tuple[str, ...]) -> str:
    """Claims with their strength and text."""
    claims = [sources.ruleset.claims[name] for name in names]
    return bullets(
        f"{linker.to(Kind.CLAIM, claim.id, claim.id)} ({STRENGTH_WORDS[claim.strength]}): "
        f"{escaped(claim.text)}"
        for claim in claims
    )


class ConventionsPage(Page):
    """What the rule set chose where the guide is silent, and its figures."""

    uri = "reference/conventions.md"
    title = "Conventions and figures"

    def __init__(self, sources: Sources):
        self._sources = sources

    def register(self, links: Links) -> None:
        """Note the pay bands."""
        for band in self._sources.ruleset.bands:
            name = f"{band.path} {band.level}"
            links.add(Kind.BAND, name, self.uri, f"band-{name.replace(' ', '-')}")

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        ruleset = self._sources.ruleset
        conventions = [rule for rule in ruleset.rules if rule.convention]
        return page(
            heading(1, "Conventions and figures"),
            "The guide leaves some things open. Where the rule set had to choose, it says "
            f"{code('convention: true')}, and so does every finding and reason that rests on "
            f"the choice. The same comes from {linker.to(Kind.SYMBOL, 'GetRuleset')}.",
            heading(2, "Thresholds", "thresholds"),
            f"Numbers that rules share. To change one, edit {code('rules/thresholds.yaml')}.",
            table(
                ("Threshold", "Value", "Why"),
                [
                    (
                        anchored(code(f"${each.name}"), f"threshold-{each.name}"),
                        f"{each.value:g}",
                        escaped(each.why),
                    )
                    for each in ruleset.thresholds.values()
                    if each.convention
                ],
            ),
            heading(2, "Fit", "fit"),
            "Rules that speak for a path or against it add points. The sum makes the "
            f"{linker.to(Kind.SYMBOL, 'Fit')}; below the lowest row it is weak.",
            table(
                ("Fit", "From points"),
                [
                    (linker.to(Kind.SYMBOL, f"FIT_{fit}", fit.capitalize()), str(low))
                    for low, fit in ruleset.fit_bands
                ],
            ),
            heading(2, "Rules that are conventions", "rules"),
            f"{len(conventions)} of {len(ruleset.rules)} rules. No claim settles when what "
            "they conclude follows, or from what number on.",
            table(
                ("Rule", "Concludes"),
                [
                    (
                        linker.to(Kind.RULE, rule.id),
                        code(self._sources.catalogue.rules[rule.id].concludes),
                    )
                    for rule in conventions
                ],
            ),
            heading(2, "Pay bands", "pay-bands"),
            "Typical total compensation a year in the US, 2026, in US dollars. These are the "
            "guide's figures, no conventions; it has none for the bridges.",
            table(
                ("Path", "Level", "From", "To", "Claims"),
                [
                    (
                        escaped(self._sources.path_title(band.path)),
                        anchored(code(band.level), f"band-{band.path}-{band.level}"),
                        f"{band.low:,}",
                        f"{band.high:,}{' and beyond' if band.open_ended else ''}",
                        linker.all_to(Kind.CLAIM, band.claims),
                    )
                    for band in ruleset.bands
                ],
            ),
        )
