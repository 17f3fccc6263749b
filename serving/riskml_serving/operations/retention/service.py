"""Deletes all data of a household, or data past its retention period; the audit log names households by hashes only."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection

from riskml.errors import UsageError
from riskml_serving.base.clock import now
from riskml_serving.base.settings import Settings
from riskml_serving.operations.retention import repository
from riskml_serving.people import audit
from riskml_serving.people.auth import OPERATOR


def forget(connection: Connection, household_id: str, because: str = "asked") -> dict[str, int]:
    """Delete all data of a household; the audit log keeps a keyed hash of its code.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    household_id : str
    because : str
        Reason to record in the audit log, in one word.

    Returns
    -------
    dict of str to int
        Rows deleted or changed, by table.

    Raises
    ------
    UsageError
        If there is no such household, or a job has not ended.
    """
    if repository.count_open_jobs(connection):
        raise UsageError(
            "A job has not ended: it may still write data about the household.", "Wait for it or cancel it first."
        )
    deleted = repository.forget_rows(connection, household_id)
    deleted["job_parts"] = repository.forget_in_jobs(connection, household_id)
    deleted["idempotency"] = repository.forget_in_answers(connection, household_id)
    deleted["households"] = int(repository.forget_in_register(connection, household_id))
    deleted = {name: n for name, n in deleted.items() if n}
    if not deleted:
        raise UsageError("There is no data about that household.", "Check the code: it must match exactly.")
    audit.record(connection, OPERATOR, "household.forget", household_id, request_id="command", because=because)
    return deleted


def apply_retention(connection: Connection, settings: Settings) -> dict[str, int]:
    """Delete data past the retention periods in the settings; with a period of 0 days, data is kept forever.

    Returns
    -------
    dict of str to int
        Numbers of ``households`` forgotten, and of ``names`` in clues, ``answers`` and ``jobs`` deleted.
    """
    out = {"households": 0, "names": 0, "answers": 0, "jobs": 0}
    at = now()
    if settings.retention_closed_days:
        before = at - dt.timedelta(settings.retention_closed_days)
        for code in repository.list_closed_before(connection, before):
            forget(connection, code, "retention")
            out["households"] += 1
        out["names"] = repository.delete_names(connection, before)
    if settings.retention_answers_days:
        out["answers"] = repository.delete_answers(connection, at - dt.timedelta(settings.retention_answers_days))
    if settings.retention_jobs_days:
        out["jobs"] = repository.delete_jobs(connection, at - dt.timedelta(settings.retention_jobs_days))
    audit.record(connection, OPERATOR, "retention", request_id="command", deleted=out)
    return out
