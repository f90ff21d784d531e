"""Our rules in other engines: the same decisions, timed in one run. See README.md."""

from __future__ import annotations

import sys
from pathlib import Path

# Where `make bench-peers` installs the peers, beside .venv: last, so that nothing there comes
# before a package of the project.
FOLDER = Path(__file__).parent.parent.parent / ".peers"
if FOLDER.is_dir() and str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))
