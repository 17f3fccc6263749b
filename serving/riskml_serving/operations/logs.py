"""Logs as one JSON object a line. Whatever an error held, nothing of it but its kind and place is written."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

__all__ = ["FIELDS", "JsonLines", "log_to"]

FIELDS = ("request_id", "method", "route", "status", "ms", "key_id", "job_id", "model_version")
"""What a record may carry beside its message; anything else is left out."""

_OWN = ("riskml", "riskml_serving", "uvicorn.error")
"""Loggers whose messages are written as they are: theirs hold no records. Of others, the constant part is."""


class JsonLines(logging.Formatter):
    """Writes a record as JSON.

    Messages of other packages may quote what they were given, for example a database's error a row: of theirs only
    the constant part is kept, and of any exception the kind and where it was raised, never its text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        own = record.name.startswith(_OWN)
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if own else _constant(record),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _where(record)
        return json.dumps(line, ensure_ascii=False, default=str)


def _constant(record: logging.LogRecord) -> str:
    """Message before its values were put in; none where it was built beforehand."""
    return record.msg if isinstance(record.msg, str) and record.args else f"({record.funcName})"


def _where(record: logging.LogRecord) -> list[str]:
    """Places of the trace, innermost last."""
    assert record.exc_info is not None
    frames = traceback.extract_tb(record.exc_info[2])[-8:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def log_to(stream: TextIO | None = None, level: str = "info") -> None:
    """Send everything that this process logs to a stream, by default standard error."""
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
