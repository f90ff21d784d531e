"""Log lines on stderr: one for a start, a stop and each failure, none for ordinary calls."""

import logging
import sys

import structlog

from rolefit.server.config import LogFormat


def configure(log_format: LogFormat) -> None:
    """Send structlog's lines, and those of libraries from WARNING up, to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    text = log_format is LogFormat.TEXT
    if log_format is LogFormat.AUTO:
        text = sys.stderr.isatty()
    # A traceback stays one line in JSON: a log shipper must not tear it apart.
    rendering: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [lines]
    root.setLevel(logging.WARNING)
    logging.getLogger("rolefit").setLevel(logging.INFO)


def logger() -> structlog.stdlib.BoundLogger:
    """Return the server's logger."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger("rolefit.server")
    return bound
