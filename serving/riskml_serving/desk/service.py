"""The steps of a delivery: upload, columns, questions, preview, import. Each is stored, and work can be interrupted."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from riskml_serving.base.problems import Problem
from riskml_serving.checks.fields import require_choice
from riskml_serving.checks.lists import check_uploads
from riskml_serving.desk import repository
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs import repository as jobs
from riskml_serving.people.auth import IDENTITY, Caller
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import rotate

STEPS = ("files", "columns", "questions", "preview", "done")
"""The steps of a delivery in order; its page first shows the step that it has reached."""

ENDED = ("done", "withdrawn")
BATCH = 200
"""Number of rows of a table that are encrypted again in one transaction."""


class Upload(NamedTuple):
    """A file as uploaded: its name and content."""

    name: str
    content: bytes


def require_delivery(connection: Connection, delivery_id: str, caller: Caller) -> dict[str, Any]:
    """Find a delivery of the caller's county, with its files.

    Raises
    ------
    Problem
        ``right-missing`` without the right to see names; ``delivery-not-found``.
    """
    caller.require(IDENTITY)
    delivery = repository.find_delivery(connection, delivery_id, caller.region)
    if delivery is None:
        raise Problem("delivery-not-found")
    return {**delivery, "files": repository.read_files(connection, delivery_id)}


def add_delivery(
    act: Act,
    keys: IdentityKeys,
    uploads: Sequence[Upload],
    received: Mapping[str, dt.date],
    *,
    earlier: bool = False,
    delivery: dict[str, Any] | None = None,
) -> str:
    """Store uploaded files as a delivery, or add them to one, and let a worker read it; return the delivery's ID.

    Parameters
    ----------
    act : Act
    keys : IdentityKeys
    uploads : sequence of Upload
    received : mapping
        Day of receipt by file name; a file without one arrived today.
    earlier : bool, default False
        Whether these are lists from earlier years, whose days of receipt are unknown.
    delivery : dict, optional
        The delivery to add to.

    Raises
    ------
    Problem
        ``right-missing``; ``invalid-request`` if there is no file, a name occurs twice, or a day is in the future.
    """
    connection, caller = act.connection, act.caller
    caller.require(IDENTITY)
    before = delivery["files"] if delivery else []
    check_uploads([upload.name for upload in uploads], [file["name"] for file in before], received, act.today)
    delivery_id = delivery["delivery_id"] if delivery else repository.add_delivery(connection, caller, "files")
    rows = []
    for number, upload in enumerate(uploads, len(before)):
        repository.write_content(connection, keys, delivery_id, f"file {number}", upload.content)
        digest, day = hashlib.sha256(upload.content).hexdigest(), received.get(upload.name, act.today)
        row = {"delivery_id": delivery_id, "number": number, "name": upload.name, "sha256": digest}
        rows.append({**row, "received_on": day, "earlier": earlier})
        act.record("lists.upload", delivery=delivery_id, sha256=digest)
    repository.add_files(connection, rows)
    start_job(act, require_delivery(connection, delivery_id, caller), "read")
    return delivery_id


def start_job(act: Act, delivery: Mapping[str, Any], step: str, then: str = "columns") -> None:
    """Let a worker do the next work on a delivery: ``read``, ``preview`` or ``import``; one job at a time.

    Once the lists have been read, the delivery is at the step that comes ``then``.

    Raises
    ------
    Problem
        ``delivery-busy`` if a worker is busy with it, or it has been imported.
    """
    if delivery["step"] in ENDED or read_progress(act.connection, delivery)["busy"]:
        raise Problem("delivery-busy")
    payload = {"delivery": delivery["delivery_id"], "step": step, "then": then, "as_of": act.today.isoformat()}
    job_id = jobs.add_job(act, "lists", payload, total=0)
    repository.change_delivery(act.connection, delivery["delivery_id"], job_id=job_id, fault="")


def read_progress(connection: Connection, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """Read the progress of the last job for a delivery: whether it is ``busy`` or was abandoned, and how far it is."""
    job = jobs.find_job(connection, delivery["job_id"], delivery["county"]) if delivery["job_id"] else None
    if job is None:
        return {"busy": False, "failed": False}
    state = {"busy": job["state"] in jobs.OPEN, "failed": job["state"] == "failed"}
    stage = json.loads(job["checkpoint"] or "{}").get("stage", "")
    return {**state, "stage": stage, "done": job["done"], "total": job["total"]}


def read_result(connection: Connection, keys: IdentityKeys, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """Read the result of the last job for a delivery; empty if the delivery has not been read yet."""
    content = repository.read_content(connection, keys, delivery["delivery_id"], "result")
    result: dict[str, Any] = json.loads(content or b"{}")
    return result


def confirm(connection: Connection, delivery: Mapping[str, Any], entries: Iterable[Mapping[str, str]]) -> bool:
    """Store the headers that a person has confirmed, for this and later deliveries; return whether any is new."""
    county = repository.read_county(connection, delivery["county"])
    confirmed: list[dict[str, str]] = list(county["confirmed"])
    for entry in entries:
        same = {"header": entry["header"], "topic": entry.get("topic", "")}
        confirmed = [old for old in confirmed if {"header": old["header"], "topic": old.get("topic", "")} != same]
        confirmed.append({name: value for name, value in entry.items() if value})
    if confirmed == county["confirmed"]:
        return False
    repository.write_county(connection, {**county, "confirmed": confirmed})
    return True


def answer(act: Act, keys: IdentityKeys, delivery: Mapping[str, Any], answers: Mapping[int, str]) -> int:
    """Store answers to questions, by the number of the question; return how many there were.

    Raises
    ------
    Problem
        ``invalid-request`` if an answer is not one of the persons in question, or of the choices.
    """
    questions = read_result(act.connection, keys, delivery).get("questions", [])
    for number, text in answers.items():
        require_choice(number, range(len(questions)))
        question: dict[str, Any] = questions[number]
        persons = {one["person_id"] for one in question["candidates"]}
        require_choice(text, question["choices"] or {"stranger", *persons})
        about = text if text in persons else question["about"]
        repository.write_answer(act.connection, keys, delivery, question["words"], text, about)
    if answers:
        act.record("lists.answer", delivery=delivery["delivery_id"], answers=len(answers))
    return len(answers)


def ask_again(act: Act, delivery: Mapping[str, Any]) -> None:
    """Forget the answers given for a delivery, one of which may be wrong."""
    count = repository.count_answers(act.connection, delivery["delivery_id"])
    repository.delete_answers(act.connection, delivery["delivery_id"])
    act.record("lists.answer", delivery=delivery["delivery_id"], forgotten=count)


def discard(act: Act, delivery: Mapping[str, Any]) -> None:
    """Remove a delivery that has not been imported, with its files.

    Raises
    ------
    Problem
        ``delivery-busy``.
    """
    if delivery["import_id"] is not None or read_progress(act.connection, delivery)["busy"]:
        raise Problem("delivery-busy")
    repository.remove_delivery(act.connection, delivery["delivery_id"])
    act.record("lists.discard", delivery=delivery["delivery_id"])


def rotate_desk(engine: Engine, keys: IdentityKeys) -> int:
    """Encrypt everything that the desk stores again with the current key; return the number of rows."""
    return rotate(engine, lambda connection: repository.encrypt_again(connection, keys, BATCH))


def read_copy(
    connection: Connection, keys: IdentityKeys, delivery: Mapping[str, Any], number: int
) -> tuple[str, bytes]:
    """Read the returned copy of a file; return its name and content.

    Raises
    ------
    Problem
        ``not-found``.
    """
    content = repository.read_content(connection, keys, delivery["delivery_id"], f"copy {number}")
    names = {file["number"]: file["name"] for file in delivery["files"]}
    if content is None or number not in names:
        raise Problem("not-found")
    return f"{names[number].rpartition('.')[0]}_处理结果.xlsx", content
