"""Logs: one JSON line an event. Never answers, tokens, codes or labels."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class StandardError(io.TextIOBase):
    """Standard error as it is when something is written, not as it was when logging was set up. A log that cannot
    be written never stops the work it tells of."""

    def write(self, text: str) -> int:
        with suppress(ValueError, OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(ValueError, OSError):
            sys.stderr.flush()


def set_up_logs(level: str) -> None:
    """Send events of this level and above to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(cast(TextIO, StandardError())),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
