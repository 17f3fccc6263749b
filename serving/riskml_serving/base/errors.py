"""Converts any error to a problem, and logs unexpected errors."""

from __future__ import annotations

import errno
import logging
import sqlite3
import traceback
from pathlib import Path

import adbc_driver_manager
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from riskml.errors import RiskmlError
from riskml.text import join_sentences
from riskml_serving.base.problems import Problem, read_field_errors

log = logging.getLogger("riskml_serving.errors")

DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
POSTGRESQL_DISK_FULL = "53100"
_OWN = ("riskml", "riskml_serving")


def to_problem(error: Exception, request_id: str = "") -> Problem:
    """Convert an error to the problem that the API or the page reports.

    Parameters
    ----------
    error : Exception
    request_id : str, default ""
        ID of the request, to be logged with the error.

    Notes
    -----
    Only an unreachable, locked or fully occupied database, or a lost connection, becomes ``database-unavailable``; a
    full disk becomes ``storage-full``. Any unexpected error, such as a mistake in SQL, becomes ``internal-error``. The
    log states its type and where it was raised, but never its text, which may quote a row.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, RiskmlError):  # the message names tables and columns, never personal data
        text = join_sentences(error.message, error.hint)
        return Problem("invalid-request", "library", zh=text.read("zh"), en=str(text))
    if isinstance(error, RequestValidationError):
        return Problem("invalid-request", errors=read_field_errors(error.errors()))
    if isinstance(error, HTTPException):
        kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http-error")
        return Problem(kind, headers=dict(error.headers or {}))
    if is_disk_full(error):
        log.error("no space left on the disk: %s", describe_error(error), extra={"request_id": request_id})
        return Problem("storage-full")
    if is_unavailable(error):
        log.warning("database unavailable: %s", describe_error(error), extra={"request_id": request_id})
        return Problem("database-unavailable")
    log.error("unexpected %s", describe_error(error), extra={"request_id": request_id})
    return Problem("internal-error")


def is_disk_full(error: Exception) -> bool:
    """Return whether something could not be written because the disk of the service or of its database is full.

    >>> is_disk_full(OSError(errno.ENOSPC, "No space left on device")), is_disk_full(OSError(errno.EACCES, ""))
    (True, False)
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    return (
        getattr(cause, "errno", None) in DISK_FULL
        or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(cause, "sqlstate", None) == POSTGRESQL_DISK_FULL
    )


def is_unavailable(error: Exception) -> bool:
    """Return whether the database is unreachable, locked or fully occupied, so that trying again later may help."""
    if isinstance(error, PoolTimeout | ConnectionError | adbc_driver_manager.OperationalError):
        return True
    if isinstance(error, adbc_driver_manager.Error):  # how this driver reports a locked SQLite database
        return "database is locked" in str(error)
    if not isinstance(error, DBAPIError):
        return False
    wrong_sql = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR  # also raised as OperationalError
    return error.connection_invalidated or (isinstance(error, OperationalError) and not wrong_sql)


def describe_error(error: BaseException) -> str:
    """Describe an error for the log: its type and the innermost function of ours in its traceback, but not its text.

    If the traceback holds none of our functions, the innermost function of all is named.

    >>> try:
    ...     int("secret")
    ... except ValueError as error:
    ...     describe_error(error).split(" in ")[0]
    'ValueError'
    """
    kind = type(error).__name__
    if isinstance(error, DBAPIError) and error.orig is not None:
        kind += f" ({getattr(error.orig, 'sqlite_errorname', type(error.orig).__name__)})"
    frames = [
        (frame.f_globals.get("__name__", Path(frame.f_code.co_filename).name), frame.f_code.co_name, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [frame for frame in frames if frame[0].partition(".")[0] in _OWN]
    if not frames:
        return kind
    module, function, line = (own or frames)[-1]
    return f"{kind} in {module}.{function}, line {line}"


def list_frames(error: BaseException) -> list[str]:
    """List the innermost calls in an error's traceback for the log: file, line and function, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-24:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
