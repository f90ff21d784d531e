from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load(
    (Path(__file__).parent / "candidates.yaml").read_text(encoding="utf-8")
)
