"""Makes everything that an import has staged visible, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from riskml.records.contract.schema import TABLES
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.clock import now
from riskml_serving.judging.act import Act
from riskml_serving.judging.importing import repository
from riskml_serving.judging.importing.staging import Delivery, compare, name_replaced, to_arrow
from riskml_serving.judging.jobs.repository import add_job
from riskml_serving.judging.scores.repository import move_scores
from riskml_serving.register.service import follow_facts, follow_records
from riskml_serving.store.facts.service import settle_facts
from riskml_serving.store.households.repository import (
    add_households,
    count_households,
    find_households,
    update_households,
)
from riskml_serving.store.records.purpose import claim_purpose
from riskml_serving.store.records.repository import read_lines, read_regional, supersede

EVERYWHERE = ""


class Publication:
    """Publishes the parts of an import within one transaction.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    delivery : Delivery
    fingerprint, request_id : str
    today : date
    """

    def __init__(
        self, connection: Connection, delivery: Delivery, fingerprint: str, request_id: str, today: dt.date
    ) -> None:
        self.connection, self.delivery, self.today = connection, delivery, today
        self.fingerprint, self.request_id, self.received = fingerprint, request_id, now()
        self.parts = repository.list_parts(connection, fingerprint)
        self.rows = Counter[str]()
        self.changed: set[str] = set()
        self.regions: set[str] = set()
        self.moved: dict[str, list[str | None]] = {}
        """Persons who followed their member records: the household, and the day of leaving, that they had before, and
        the household that they have now."""

    def register(self, *, simulated: bool) -> None:
        """Register the new households, and lock those that are in the register already.

        Another writer may register or change the same households at the same time; one of the two then waits for the
        other.

        Raises
        ------
        Problem
            ``other-purpose`` if the database holds records for the other purpose.
        """
        claim_purpose(self.connection, simulated=simulated)
        parts = [repository.read_part(self.connection, self.fingerprint, part, "register") for part in self.parts]
        self.staged = {row["household_id"]: row for part in parts for row in part.to_pylist()}
        self.before = find_households(self.connection, self.staged, EVERYWHERE, lock=True)
        self.changed |= self.staged.keys() - self.before.keys()
        common = {"known_tables": ";".join(sorted(self.delivery.tables)), "opened_on": self.today}
        new = [
            {"household_id": c, "region_code": self.staged[c]["region_code"], **common} for c in sorted(self.changed)
        ]
        add_households(self.connection, new)

    def write(self) -> None:
        """Write the rows, and note where the households live now and which of their tables are known."""
        self._write_regional()
        for name in TABLES:
            for part in self.parts:
                if name in self.parts[part]:
                    self._append(name, *self._read_tables(part, name))
        own = self.before, self.staged, set(self.delivery.tables), self.fingerprint, self.request_id
        self.changed |= update_register(self.connection, *own)

    def settle_facts(self) -> None:
        """Let facts follow the persons who have moved, and count once."""
        follow_facts(self.connection, self.changed, self.today, self.request_id)
        settle_facts(self.connection, self.changed, self.request_id)

    def _read_tables(self, part: int, name: str) -> tuple[pa.Table, pa.Table | None]:
        replaced = name_replaced(name)
        names = [name, *([replaced] if replaced in self.parts[part] else ())]
        tables = [repository.read_part(self.connection, self.fingerprint, part, own) for own in names]
        return tables[0], tables[1] if len(tables) > 1 else None

    def _append(self, name: str, new: pa.Table, replaced: pa.Table | None) -> None:
        if replaced is not None and replaced.num_rows:
            supersede(self.connection, name, replaced.to_pylist())
        repository.append(self.connection, name, new, self.received, self.request_id)
        self.rows[name] += new.num_rows
        if "household_id" in new.column_names:
            self.changed.update(new["household_id"].unique().drop_null().to_pylist())

    def _write_regional(self) -> None:
        """Compare and write the rows that belong to no household; there are few of them."""
        for name, read in (("lines", read_lines), ("disaster", read_regional)):
            if name in self.delivery.opened.tables:
                stored = to_arrow(name, read(self.connection))
                delta = compare(name, self.delivery.read_regional(name), stored)
                self._append(name, delta.new, delta.replaced)
                self.regions |= {code or EVERYWHERE for code in delta.new["region_code"].to_pylist()}

    def follow_members(self) -> None:
        """Let persons live where the member records of the folder say."""
        parts = [part for part in self.parts if "members" in self.parts[part]]
        tables = (self._read_tables(part, "members")[0].select(["household_id", "member_id"]) for part in parts)
        rows = (row for table in tables for row in table.to_pylist())
        self.moved = follow_records(self.connection, rows, self.today)


def update_register(
    connection: Connection,
    before: Mapping[str, dict[str, Any]],
    staged: Mapping[str, Mapping[str, Any]],
    stated: set[str],
    fingerprint: str,
    request_id: str,
) -> set[str]:
    """Note where households live now and which of their tables are known, and move the scores; return what changed.

    Parameters
    ----------
    connection : Connection
    before : dict
        Rows of the register, locked; a household that has just been registered has none.
    staged : dict
        By household: ``region_code``, None if it stays the same, and ``digest``, None if the rows came with a request.
    stated : set of str
        Tables that are stated in full for each household.
    fingerprint : str
        What takes this back: that of an import, or the number of a request.
    request_id : str
    """
    updated, notes = [], []
    for code, own in staged.items():
        row = before.get(code)
        known = set(filter(None, row["known_tables"].split(";"))) if row else set()
        added, digest = ";".join(sorted(stated - known)), own["digest"]
        if added or digest is not None:
            note = {"household_id": code, "digest": digest, "added_tables": added}
            notes.append({**note, "fingerprint": fingerprint})
        if row is not None:
            region = own["region_code"] or row["region_code"]
            names = ";".join(sorted(known | stated)) if added else row["known_tables"]
            updated.append({**row, "known_tables": names, "region_code": region})
    repository.save_households(connection, notes)
    return save_register(connection, before, updated, request_id)


def save_register(
    connection: Connection, before: Mapping[str, dict[str, Any]], rows: Iterable[dict[str, Any]], request_id: str
) -> set[str]:
    """Save rows of the register that differ from those before, move the scores, and return the households' codes."""
    changed = {row["household_id"]: row for row in rows if row != before[row["household_id"]]}
    update_households(connection, [*changed.values()])
    regions = {code: row["region_code"] for code, row in changed.items()}
    moved = {code: region for code, region in regions.items() if region != before[code]["region_code"]}
    move_scores(connection, moved, EVERYWHERE, request_id)
    return {*changed}


def add_rescore_job(act: Act, households: Collection[str], regions: Collection[str]) -> str | None:
    """Add the job that scores today what a delivery, or its withdrawal, has changed in the caller's region.

    A county's visit capacity is computed again if all of its open households are scored.

    Parameters
    ----------
    act : Act
    households, regions : collection of str
        Households, and regions of which every household is scored.

    Returns
    -------
    str or None
        ID of the job; None if nothing has changed.
    """
    if not households and not regions:
        return None
    connection = act.connection
    homes = find_households(connection, households, EVERYWHERE).values()
    counts = Counter(take_region(row["region_code"], Level.COUNTY) for row in homes if row["closed_on"] is None)
    whole = tuple(regions)
    counties = [c for c, n in sorted(counts.items()) if c.startswith(whole) or n >= count_households(connection, c)]
    payload = {"as_of": act.today.isoformat(), "households": sorted(households), "regions": sorted(regions)}
    total = len(households) + sum(count_households(connection, region) for region in regions)
    return add_job(act, "rescore", {**payload, "counties": counties}, total=total)
