"""Five people, and what each types at the questions of `rolefit ask`."""

from __future__ import annotations

from dataclasses import dataclass

ASKED = (
    "temperament.first_instinct",
    "goals.wants_mostly_novel_research",
    "publications.top_tier_papers",
    "credentials.phd_status",
    "credentials.highest_degree",
    "publications.influential_oss_research",
    "publications.benchmark_setting",
    "credentials.research_lab_years",
    "temperament.likes_research",
    "temperament.likes_shipping",
    "goals.wants_research_adjacent",
    "goals.research_questions_keep_awake",
    "engineering.models_shipped",
    "skills.systems_strength",
    "skills.experimental_rigor",
    "skills.model_depth",
    "goals.wants_broad_market",
)


@dataclass(frozen=True)
class Person:
    """Someone with an answer to everything that may be asked."""

    name: str
    path: str
    typed: str
    """What is typed at each question, in the order of `ASKED`."""

    @property
    def answers(self) -> dict[str, str]:
        """What is typed, by the field asked for."""
        return dict(zip(ASKED, self.typed.split(), strict=True))


PEOPLE = (
    Person("engineer", "ML engineer", "deploy n 0 none master's n n 0 2 5 n n 7 5 3 4 y"),
    Person("scientist", "Research scientist", "2 y 5 3 PhD no yes 1.5 5 2 y y 0 3 5 5 n"),
    Person("builder", "Research engineer", "2 yes 0 1 2 n n 0 5 3 y y 1 5 3 3 n"),
    Person("go-between", "Applied scientist", "3 n 4 3 4 n n 2 5 5 y y 3 3 5 4 n"),
    Person("neighbour", "ML engineer on a model team", "1 n 0 1 3 n n 0 3 5 y y 4 4 2 4 y"),
)
