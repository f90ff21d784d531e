"""Entry point of the `rolefit-server` command."""

import importlib.util
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command, or say how to install what it needs."""
    if any(importlib.util.find_spec(name) is None for name in ("typer", "structlog", "yaml")):
        print("rolefit-server needs its extra: pip install 'rolefit[service]'", file=sys.stderr)
        sys.exit(2)
    from rolefit.server.__main__ import main as run

    run()
