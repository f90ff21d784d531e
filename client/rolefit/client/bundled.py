"""The example profiles that come with the client."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("examples")
_SUFFIX = ".yaml"


def example_names() -> list[str]:
    """List the names of the examples in alphabetical order."""
    return sorted(file.stem for file in _FOLDER.glob(f"*{_SUFFIX}"))


def example_text(name: str) -> str:
    """Return the YAML of an example.

    Raises:
        KeyError: There is no example of that name.

    """
    if name not in example_names():
        raise KeyError(name)
    return (_FOLDER / f"{name}{_SUFFIX}").read_text("utf-8")


def example_summary(name: str) -> str:
    """Return the first line of an example, which describes the person."""
    return example_text(name).splitlines()[0].lstrip("# ")
