"""Sets the day on which new help is assessed again, whichever way the help became known."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskml.policy import Policy
from riskml.records.contract.calendar import to_day
from riskml_serving.base.clock import now
from riskml_serving.store.facts.corrections import WINDOW
from riskml_serving.store.helps.repository import add_helps, change_help, drop_helps, read_begun, read_versions

Row = Mapping[str, Any]


def find_due_day(policy: Policy, region: str, started_on: dt.date) -> dt.date | None:
    """Find the day on which help is assessed again; None if the policy has no row for the region on that day."""
    row = policy.reassessment.find(region, to_day(started_on))
    if row is None:
        return None
    months = started_on.year * 12 + started_on.month - 1 + row.months
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(started_on.day, calendar.monthrange(year, month + 1)[1]))


def follow_records(
    connection: Connection,
    policy: Policy,
    households: Mapping[str, Row],
    seqs: Mapping[str, int],
    today: dt.date,
    request_id: str,
) -> None:
    """Let the second looks at the help for some locked households follow its records; do nothing the second time.

    New help gets a day; help whose start is corrected, another day; help that is withdrawn, none. A record that states
    the same measure within :data:`WINDOW` of a withdrawn one takes its place, as a department's row does that corrects
    what staff stated; within that time of one in force, it is the same help that goes on.

    Help whose day has passed when it becomes known is history, and is not looked at again: otherwise, the first
    delivery of a county's past would make thousands of households overdue. So is help that was due before the household
    was registered, even if past months are scored afterwards.

    Parameters
    ----------
    connection : Connection
    policy : Policy
    households : dict of str to row
        Rows of the register, by code.
    seqs : dict of str to int
        Number of the current score, which does not count the new help yet, of each household that has one.
    today : date
    request_id : str
    """
    longest = max((row.months for row in policy.reassessment.rows), default=0)
    codes = sorted(households)
    standing, begun = defaultdict[str, dict[Any, Row]](dict), defaultdict[str, list[Row]](list)
    for version in read_versions(connection, codes, today - longest * dt.timedelta(days=31)):
        standing[version["household_id"]][_name(version)] = version
    for known in read_begun(connection, codes):
        begun[known["household_id"]].append(known)
    new: list[dict[str, Any]] = []
    for code in sorted({*standing, *begun}):
        region, since = households[code]["region_code"], max(today, households[code]["opened_on"])
        rows = {key: row for key, row in standing[code].items() if not row["withdrawn"]}
        kept, lost, left = _pair(begun[code], rows)
        drop_helps(connection, [one["help_id"] for one in lost])
        for one, row in kept:
            values = {name: row[name] for name in ("record_id", "row_id", "measure", "started_on")}
            if values["started_on"] != one["started_on"]:
                values["due_on"] = find_due_day(policy, region, row["started_on"]) or one["due_on"]
            if any(one[name] != value for name, value in values.items()):
                change_help(connection, one["help_id"], **values)
        for own in left:
            due_on = find_due_day(policy, region, own["started_on"])
            if due_on is not None and due_on >= since and not _goes_on(own, rows.values()):
                values = {name: own[name] for name in ("household_id", "record_id", "row_id", "measure", "started_on")}
                values |= {"given_by": None, "due_on": due_on, "score_seq": seqs.get(code), "created_by": None}
                new.append({**values, "created_at": now(), "request_id": request_id})
    add_helps(connection, new)


def _name(row: Row) -> Any:
    """Name the record that a row is a version of."""
    return row["record_id"] or row["row_id"]


def _pair(begun: Sequence[Row], rows: Mapping[Any, Row]) -> tuple[list[tuple[Row, Row]], list[Row], list[Row]]:
    """Pair the help that is known with its records in force, first what staff recorded; return what is left of both."""
    left, kept, lost = dict(rows), list[tuple[Row, Row]](), list[Row]()
    for one in sorted(begun, key=lambda one: (one["given_by"] is None, _name(one) not in rows)):
        key = _name(one)
        if key not in rows:
            same = [name for name, row in left.items() if row["measure"] == one["measure"]]
            apart = {name: abs(left[name]["started_on"] - one["started_on"]) for name in same}
            key = min((name for name in same if apart[name] <= WINDOW), key=lambda name: apart[name], default=None)
        if key in left:
            kept.append((one, left.pop(key)))
        else:
            lost.append(one)
    return kept, lost, list(left.values())


def _goes_on(row: Row, rows: Iterable[Row]) -> bool:
    """Return whether a record states help that another one, not long before, states already."""
    own = (row["started_on"], row["row_id"])
    return any(
        other["measure"] == row["measure"]
        and (other["started_on"], other["row_id"]) < own
        and row["started_on"] - other["started_on"] <= WINDOW
        for other in rows
    )
