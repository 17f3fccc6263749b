"""SQL that deletes data: called by the operator's commands, never by a request."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import pyarrow.compute as pc
from sqlalchemy import Connection, delete, func, or_, select, update

from riskml_serving.base.database import list_tables
from riskml_serving.base.database.locks import hold_lock
from riskml_serving.casework.clues.tables import CLUE_NAMES, CLUES
from riskml_serving.desk.tables import ANSWERS as LIST_ANSWERS
from riskml_serving.desk.tables import CONTENTS, DELIVERIES
from riskml_serving.http.idempotent_writes.tables import ANSWERS
from riskml_serving.judging.importing.tables import IMPORT_PARTS
from riskml_serving.judging.jobs.run import from_parquet, to_parquet
from riskml_serving.judging.jobs.tables import JOBS, PARTS
from riskml_serving.register.tables import PERSONS
from riskml_serving.store.households.repository import join_followers
from riskml_serving.store.households.tables import HOUSEHOLDS

_KEPT = ("audit", "households")
"""Tables with household codes, or their hashes, from which a household is not deleted with its rows elsewhere."""

ENDED = ("done", "failed", "cancelled")


def count_open_jobs(connection: Connection) -> int:
    """Count the jobs that have not ended, which may hold household codes in memory and write them later."""
    return int(connection.execute(select(func.count()).where(JOBS.c.state.not_in(ENDED))).scalar_one())


def forget_rows(connection: Connection, household_id: str) -> dict[str, int]:
    """Delete a household's rows from every table but the register, and count them by table.

    The audit log keeps its entries, which name households by hashes. The contents of all deliveries of lists are
    deleted too; those that were not imported must be uploaded again.
    """
    hold_lock(connection, "changes")
    deleted = {}
    members = select(PERSONS.c.person_id).where(PERSONS.c.household_id == household_id)
    about = or_(LIST_ANSWERS.c.person_id.in_(members), LIST_ANSWERS.c.person_id == household_id)
    connection.execute(delete(LIST_ANSWERS).where(about))
    connection.execute(delete(CONTENTS))  # they are encrypted: nothing shows which of them name the household
    clues = select(CLUES.c.clue_id).where(CLUES.c.household_id == household_id)
    connection.execute(delete(CLUE_NAMES).where(CLUE_NAMES.c.clue_id.in_(clues)))
    for table in (table for table in list_tables() if "household_id" in table.c and table.name not in _KEPT):
        n = connection.execute(delete(table).where(table.c.household_id == household_id)).rowcount
        if n:
            deleted[table.name] = n
    connection.execute(delete(IMPORT_PARTS))  # an import that was interrupted stages them again
    return deleted


def forget_in_register(connection: Connection, household_id: str) -> bool:
    """Remove a household from the register and from other households' successors; return False if it is not there."""
    own = join_followers([household_id])
    linked = select(HOUSEHOLDS.c.household_id, HOUSEHOLDS.c.followed_by).where(
        HOUSEHOLDS.c.followed_by.contains(own, autoescape=True)
    )
    for code, followed in connection.execute(linked).all():
        rest = ";".join(other for other in followed.split(";") if other != own)
        connection.execute(update(HOUSEHOLDS).where(HOUSEHOLDS.c.household_id == code).values(followed_by=rest))
    return bool(connection.execute(delete(HOUSEHOLDS).where(HOUSEHOLDS.c.household_id == household_id)).rowcount)


def forget_in_answers(connection: Connection, household_id: str) -> int:
    """Delete the stored responses that name the household; they belong to requests with an idempotency key."""
    quoted = json.dumps(household_id, ensure_ascii=False)
    return connection.execute(delete(ANSWERS).where(ANSWERS.c.answer.contains(quoted, autoescape=True))).rowcount


def forget_in_jobs(connection: Connection, household_id: str) -> int:
    """Remove a household from the requests, checkpoints and results of all jobs; return the number of parts changed.

    All jobs must have ended. A part holds the results for a few thousand households.
    """
    for job_id, payload, result in connection.execute(select(JOBS.c.job_id, JOBS.c.payload, JOBS.c.result)).all():
        request, content = json.loads(payload), json.loads(result or "{}")
        if household_id in request.get("households", ()):
            request["households"].remove(household_id)
            connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(payload=json.dumps(request)))
        for last in content.get("capacity", {}).values():
            if last[1] == household_id:
                last[1] = ""
                connection.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(result=json.dumps(content)))
    connection.execute(
        update(JOBS).where(JOBS.c.checkpoint.contains(household_id, autoescape=True)).values(checkpoint="")
    )
    changed = 0
    for job_id, part in connection.execute(select(PARTS.c.job_id, PARTS.c.part)).all():
        own = (PARTS.c.job_id == job_id, PARTS.c.part == part)
        rest = _remove_household(connection.execute(select(PARTS.c.content).where(*own)).scalar_one(), household_id)
        if rest is not None:
            connection.execute(update(PARTS).where(*own).values(content=rest))
            changed += 1
    return changed


def _remove_household(content: bytes, household_id: str) -> bytes | None:
    """Remove a household from a part of a job's results; return None if the part does not hold it."""
    table = from_parquet(content)
    keep = pc.not_equal(table["household_id"], household_id)
    return None if pc.all(keep).as_py() else to_parquet(table.filter(keep))


def list_closed_before(connection: Connection, at: dt.datetime) -> Sequence[str]:
    """List the households whose closure was received before a time, whatever the date stated in the closure."""
    query = select(HOUSEHOLDS.c.household_id).where(HOUSEHOLDS.c.closed_at < at).order_by(HOUSEHOLDS.c.household_id)
    return connection.execute(query).scalars().all()


def delete_answers(connection: Connection, before: dt.datetime) -> int:
    """Delete the responses that were stored before a time; they belong to requests with an idempotency key."""
    return connection.execute(delete(ANSWERS).where(ANSWERS.c.created_at < before)).rowcount


def delete_jobs(connection: Connection, before: dt.datetime) -> int:
    """Delete jobs that ended before a time, with their results, and the results of lists that were imported before."""
    old = select(JOBS.c.job_id).where(JOBS.c.state.in_(ENDED), JOBS.c.finished_at < before)
    connection.execute(delete(PARTS).where(PARTS.c.job_id.in_(old)))
    imported = select(DELIVERIES.c.delivery_id).where(DELIVERIES.c.imported_at < before)
    copies = CONTENTS.c.name.not_like("file %")  # whether the lists themselves are kept is a setting of its own
    connection.execute(delete(CONTENTS).where(CONTENTS.c.delivery_id.in_(imported), copies))
    return connection.execute(delete(JOBS).where(JOBS.c.state.in_(ENDED), JOBS.c.finished_at < before)).rowcount


def delete_names(connection: Connection, before: dt.datetime) -> int:
    """Delete the names in clues from before a time that belong to no household: of places, or resolved without one."""
    ended = or_(CLUES.c.subject == "place", CLUES.c.resolved_on.is_not(None))
    old = select(CLUES.c.clue_id).where(CLUES.c.household_id.is_(None), CLUES.c.created_at < before, ended)
    return connection.execute(delete(CLUE_NAMES).where(CLUE_NAMES.c.clue_id.in_(old))).rowcount
