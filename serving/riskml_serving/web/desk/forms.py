"""The forms of the desk: days of receipt, headers to confirm, answers to questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskml.lists import side_files
from riskml.lists.reading.headers import read_headers
from riskml_serving.checks.fields import read_day, require_choice
from riskml_serving.desk.service import Upload
from riskml_serving.web.desk.words import PERSON_WORDS, UNITS
from riskml_serving.web.shell.forms import Form


def list_fields(topic: str) -> list[str]:
    """List the fields that a column of a topic can have, those of the topic first.

    >>> list_fields("dropout")[:2], list_fields("")[-1]
    (['events.occurred_on', 'name'], 'other')
    """
    own = read_headers().get_topic(topic).vocabulary.list_fields()
    general = [name for name in PERSON_WORDS if name not in ("birth", "birth_month", "age")]
    return list(dict.fromkeys([*sorted(name for name in own if "." in name), *general]))


def read_received(uploads: Sequence[Upload], form: Form) -> dict[str, dt.date]:
    """Read the days of receipt: of all files from the form, or by file from ``received.csv`` among them.

    Raises
    ------
    Problem
        ``invalid-request`` if a day cannot be read.
    UsageError
        If ``received.csv`` cannot be used.
    """
    days = {}
    if text := form.get_text("received_on", 20):
        days = dict.fromkeys((upload.name for upload in uploads), read_day("received_on", text))
    for upload in uploads:
        if upload.name == "received.csv":
            days |= side_files.read_received(Path(upload.name), upload.content)
    return days


def read_headers_form(form: Form, sheets: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Read which headers of a sheet a person has changed: header, field, topic and, if given, the unit.

    Raises
    ------
    Problem
        ``invalid-request`` if the sheet, the topic, a field or a unit does not exist.
    """
    number, topic = form.get_text("sheet", 4), form.get_text("topic", 40)
    require_choice(number, [str(i) for i in range(len(sheets))])
    sheet, allowed, entries = sheets[int(number)], set(list_fields(topic)), []
    for column in sheet["columns"]:
        field = form.get_text(f"field{column['index']}", 60) or column["field"]
        unit = form.get_text(f"unit{column['index']}", 4)
        if (field, unit) == (column["field"], "") and topic in ("", sheet["topic"]):
            continue
        require_choice(field, {*allowed, column["field"]})
        require_choice(unit, ("", *UNITS))
        if column["header"] and (topic != sheet["topic"] or field != column["field"] or unit):
            entries.append({"header": column["header"].replace("/", ""), "field": field, "topic": topic, "unit": unit})
    return entries


def read_answers(form: Form) -> dict[int, str]:
    """Read the answers by the number of the question; open questions are left out."""
    pairs = ((number, form.get_text(f"answer{number}", 128)) for number in range(500))
    return {number: person for number, person in pairs if person}
