"""Entry point of the `rolefit` command."""

from __future__ import annotations

import importlib.util
import sys

_WITHOUT_EXTRA = "The rolefit command needs its extra: pip install 'rolefit[cli]'"


def main() -> None:
    """Run the command, or say how to install what it needs."""
    if any(importlib.util.find_spec(name) is None for name in ("rich", "yaml")):
        print(_WITHOUT_EXTRA, file=sys.stderr)
        sys.exit(2)
    from rolefit.client.cli import run

    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
