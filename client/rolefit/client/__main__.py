"""Entry point of the `rolefit` command."""

from __future__ import annotations

import importlib.util
import os
import sys

_WITHOUT_EXTRA = "The rolefit command needs its extra: pip install 'rolefit[cli]'"


def main() -> None:
    """Run the command, or say how to install what it needs."""
    if any(importlib.util.find_spec(name) is None for name in ("rich", "yaml")):
        print(_WITHOUT_EXTRA, file=sys.stderr)
        sys.exit(2)
    # What gRPC would log about a failed call, the command says in a sentence. gRPC reads this
    # once, when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from rolefit.client.cli import run

    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
