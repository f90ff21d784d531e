"""People to ask about, candidate rules, and what decision logs hold."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse

from .calls import channel, send

RULES = Path(__file__).parent.parent.parent / "rules"
KEY = "0123456789abcdef0123456789abcdef"
_ENGINEER_WHO_WANTS_RESEARCH = {
    "level": "LEVEL_SENIOR",
    "credentials": {
        "highest_degree": "DEGREE_BACHELORS",
        "phd_status": "PHD_STATUS_NONE",
        "research_lab_years": 0,
    },
    "engineering": {"models_shipped": 1, "years_software": 11.5, "integration_time_share": 0.3},
    "skills": {"systems_strength": 5, "model_depth": 3},
    "temperament": {
        "first_instinct": "FIRST_INSTINCT_UNDERSTAND",
        "likes_shipping": 3,
        "likes_research": 5,
    },
    "goals": {
        "wants_mostly_novel_research": True,
        "wants_research_adjacent": True,
        "motives": {"values": ["MOTIVE_USER_IMPACT", "MOTIVE_CURIOSITY"]},
    },
    "publications": {"influential_oss_research": False, "benchmark_setting": False},
}


def person(top_tier_papers: int = 0) -> CandidateProfile:
    """An engineer who wants research: with less than three papers, a bridge."""
    profile = json_format.ParseDict(_ENGINEER_WHO_WANTS_RESEARCH, CandidateProfile())
    profile.publications.top_tier_papers = top_tier_papers
    return profile


def ask(port: int, *papers: int) -> list[RecommendResponse]:
    """Ask about people with so many papers, one after another."""
    requests = [RecommendRequest(profile=person(n)).SerializeToString() for n in papers]
    with channel(port) as opened:
        return [send(opened, request) for request in requests]


def candidate_rules(folder: Path) -> Path:
    """Our rules, but two papers are enough."""
    shutil.copytree(RULES, folder)
    file = folder / "thresholds.yaml"
    text = file.read_text(encoding="utf-8")
    three = "equivalent_papers:\n  value: 3"
    assert three in text
    file.write_text(text.replace(three, three.replace("3", "2"), 1), encoding="utf-8")
    return folder


def log_files(folder: Path) -> list[Path]:
    """The files of a log with one worker, oldest first."""
    return [
        *sorted(folder.glob("decisions-0.[0-9]*.jsonl")),
        *folder.glob("decisions-0.jsonl"),
    ]


def records(folder: Path) -> list[dict[str, Any]]:
    """The records that are complete by now."""
    lines = [line for file in log_files(folder) for line in file.read_bytes().splitlines(True)]
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def decisions(folder: Path) -> list[dict[str, Any]]:
    """The decisions among them."""
    return [record["decision"] for record in records(folder) if "decision" in record]


def limit_file_size(pid: int, size: int) -> None:
    """Let a process write no file beyond that many bytes, as if the disk were full."""
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
