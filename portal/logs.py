"""Logs: structured, on standard error, with nothing in them that points to a person."""

import logging
import sys
from typing import Any

import structlog

from portal.config import Settings

FORBIDDEN = frozenset(
    {"email", "address", "phone", "name", "full_name", "ip", "token", "password", "url", "body", "to"}
)


def connect(settings: Settings) -> None:
    """JSON lines in production, readable lines in development."""
    renderer: Any = structlog.processors.JSONRenderer() if settings.is_production else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_people,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def without_people(logger: Any, method: str, event: Any) -> Any:
    """Drop every field whose name says that it is about a person (DECISIONS 22)."""
    return {key: value for key, value in event.items() if key not in FORBIDDEN}
