"""Logs: structured, on standard error, with nothing in them that points to a person."""

import logging
import secrets
import sys
from typing import Any

import structlog
from flask import Flask, request
from flask.logging import default_handler

from portal.config import Settings

FORBIDDEN = frozenset(
    {"email", "address", "phone", "name", "full_name", "ip", "token", "password", "url", "body", "to"}
)


def connect(settings: Settings) -> None:
    """JSON lines in production, readable lines in development."""
    renderer: Any = structlog.processors.JSONRenderer() if settings.is_production else structlog.dev.ConsoleRenderer()
    common: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_people,
    ]
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    _format_libraries([*common, _kind_of_error], renderer)


def _format_libraries(common: list[Any], renderer: Any) -> None:
    """What libraries say through Python's own logging comes out in the same form (ASVS 5.0, 16.2.4)."""
    form = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=common, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )
    for handler in (logging.lastResort, default_handler):
        if handler is not None:
            handler.setFormatter(form)


def _kind_of_error(logger: Any, method: str, event: Any) -> Any:
    """An exception's kind in place of its traceback, whose words may name a person."""
    error = event.pop("exc_info", None)
    record = event.get("_record")
    if record is not None and record.exc_info:
        error, record.exc_info, record.exc_text = record.exc_info, None, None
    return {**event, "error": error[0].__name__} if isinstance(error, tuple) and error[0] else event


def follow_requests(app: Flask) -> None:
    """Lines written while one request is answered carry the same random `request`, and the page it was for."""

    @app.before_request
    def begin() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=secrets.token_hex(8), page=request.endpoint)

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def without_people(logger: Any, method: str, event: Any) -> Any:
    """Drop every field whose name says that it is about a person (DECISIONS 22)."""
    return {key: value for key, value in event.items() if key not in FORBIDDEN}
