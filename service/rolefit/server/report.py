"""What a serving process says of itself, as it goes from a worker to the supervisor."""

import json
from dataclasses import dataclass

from rolefit.server.metric_values import Readings, from_rows, to_rows


@dataclass(frozen=True)
class Report:
    """A process at one moment.

    Attributes:
        serving: Whether its health service says SERVING for everything it serves.
        readings: Its metrics.
    """

    serving: bool
    readings: Readings

    def to_line(self) -> bytes:
        """Render it as one line, with the line break."""
        content = {"serving": self.serving, "metrics": to_rows(self.readings)}
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Report":
        """Read what `to_line` wrote."""
        content = json.loads(line)
        return cls(content["serving"], from_rows(content["metrics"]))
