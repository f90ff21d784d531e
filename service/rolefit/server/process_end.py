"""How a process ended, in words."""

import signal


def how_it_ended(code: int) -> str:
    """Say it for the return code that `subprocess` reports."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
