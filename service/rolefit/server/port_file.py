"""The file that tells scripts and tests which port a server took."""

import os
from pathlib import Path


def write(path: Path | None, port: int) -> None:
    """Write `port` in one step, so that no reader ever sees half a number.

    Raises:
        OSError: The file cannot be written.
    """
    if path is None:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(f"{port}\n", encoding="ascii")
        draft.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def remove(path: Path | None) -> None:
    """Remove the file, if there is one: whoever waits for it must not meet an old one."""
    if path is not None:
        path.unlink(missing_ok=True)
