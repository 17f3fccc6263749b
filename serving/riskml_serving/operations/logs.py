"""Writes logs as one JSON object per line. For an error, only its type and where it was raised are written."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any, TextIO

from riskml_serving.base.errors import list_frames

FIELDS = ("request_id", "method", "route", "status", "ms", "key_id", "client", "job_id", "model_version", "where")
"""Fields that a log line may have besides its message; all others are left out."""

_OWN = ("riskml", "riskml_serving", "uvicorn.error")
"""Loggers whose messages contain no records and are written in full; other messages are written without values."""


class JsonLines(logging.Formatter):
    """Formats a log record as JSON.

    Messages from other packages may quote their input, as a database error quotes a row. So only their constant part is
    written and, for any exception, only its type and where it was raised, never its text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        own = record.name.startswith(_OWN)
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if own else _strip_values(record),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            line["where"] = list_frames(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _strip_values(record: logging.LogRecord) -> str:
    """Return the message without its values, or the name of the function if the message was formatted beforehand."""
    return record.msg if isinstance(record.msg, str) and record.args else f"({record.funcName})"


def log_to(stream: TextIO | None = None, level: str = "info") -> None:
    """Write the logs of this process to a stream, by default standard error.

    ``level`` is the minimum level for the service's own messages; other packages log only warnings and errors.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _OWN:
        logging.getLogger(name).setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
