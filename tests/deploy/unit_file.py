"""The lines of the systemd unit and of its environment file."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "deploy/systemd"
UNIT = FOLDER / "rolefit.service"
ENVIRONMENT = FOLDER / "rolefit.env"


def directives() -> dict[str, list[str]]:
    """Every value of each directive, in order."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def environment(commented: bool = False) -> dict[str, str]:
    """The variables that the environment file sets, or those it shows in comments."""
    found: dict[str, str] = {}
    for line in ENVIRONMENT.read_text().splitlines():
        if line.startswith("#ROLEFIT_" if commented else "ROLEFIT_"):
            name, _, value = line.lstrip("#").partition("=")
            found[name] = value
    return found
