"""The signals that a delivery would raise, computed without storing anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Engine

from riskml.lists.writing import make_table
from riskml.records.contract.arrow_types import cast_table
from riskml.records.contract.schema import TABLES
from riskml.vocabulary.verdicts import COLOUR_POSITIONS
from riskml_serving.base.database import reading
from riskml_serving.casework.worklist.states import is_near_line
from riskml_serving.desk.reading import Understood
from riskml_serving.judging.bulk.judging import judge_range
from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import REGISTER, Selection, find_range
from riskml_serving.judging.importing.staging import to_arrow
from riskml_serving.judging.model import Model
from riskml_serving.judging.scores.repository import read_current
from riskml_serving.store.households.repository import list_codes

MOST = 1_000_000
"""Maximum number of households that a preview reads at a time."""

_SEEN = ("status", "signal", "rule_signal", "rule_flags", "probability", "tier")


def list_touched(connection: Connection, understood: Understood) -> dict[str, list[str]]:
    """List the households about which a delivery has something new, each with the files in which it is.

    A disaster in a region is about every household there.
    """
    tables = understood.taken.book.tables
    homes: dict[str, list[str]] = {}
    earlier = {delivery.file for delivery in understood.deliveries if delivery.recorded_on is None}
    for row in sorted(understood.taken.rows, key=lambda row: row.file in earlier):
        for piece in row.pieces:
            record = tables.get(piece.table, {}).get(piece.key, {})
            code, region = record.get("household_id"), record.get("region_code")
            for one in [code] if code else list_codes(connection, region) if region else ():
                if row.file not in homes.setdefault(one, []):
                    homes[one].append(row.file)
    for records in tables.values():
        for record in records.values():
            if record.get("household_id"):
                homes.setdefault(record["household_id"], [])
    return homes


def read_signals(connection: Connection, codes: Sequence[str], county: str) -> dict[str, dict[str, Any]]:
    """Read the current signals of households, by code."""
    rows = read_current(connection, sorted(codes), county)
    return {code: {name: row[name] for name in _SEEN} for code, row in rows.items()}


def compare(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]], homes: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """List the households whose signal is more severe than before, or that had no signal before, the most severe first.

    A rise is the rule line's if its own colour rises or it raises a new flag, and otherwise the model's.
    """
    green = COLOUR_POSITIONS["green"]
    risen = []
    for code, score in after.items():
        old = before.get(code)
        level = max(green, old["signal"]) if old else green
        if score["signal"] <= level:
            continue
        flags = set(filter(None, score["rule_flags"].split(";")))
        new = flags - set(old["rule_flags"].split(";") if old else ())
        by_rule = bool(new) or score["rule_signal"] > max(green, old["rule_signal"] if old else green)
        risen.append(
            {
                "household_id": code,
                "before": old["signal"] if old else None,
                "after": score["signal"],
                "flags": sorted(new),
                "by": "rule" if by_rule else "model",
                "near_line": is_near_line(score),
                "monitored": score["status"] == "monitored",
                "files": list(homes.get(code, ())),
            }
        )
    return sorted(risen, key=lambda row: (-row["after"], row["household_id"]))


def judge(
    engine: Engine, reader: Reader, model: Model, understood: Understood, households: Iterable[str], as_of: dt.date
) -> dict[str, dict[str, Any]]:
    """Judge the households that a delivery concerns, with the rows that it would add; store and count nothing."""
    tables, county, codes = understood.taken.book.tables, understood.county["county"], sorted(households)
    if not codes:
        return {}
    new = {name: cast_table(name, make_table(name, list(tables.get(name, {}).values()))) for name in TABLES}
    if understood.lines is not None:
        new["lines"] = cast_table("lines", understood.lines)
    with reading(engine) as connection:
        range_ = find_range(connection, Selection(county, (), codes), "", MOST)
    stored: dict[str, pa.Table] = {}
    if range_ is not None:
        reader.ask(range_)
        stored = reader.take()
    stated = {name for name in TABLES if tables.get(name) and not TABLES[name].required}
    register = stored.get("register", REGISTER.empty_table()).to_pylist()
    for row in register:  # after the import, the tables that it brings are known of each of its households
        row["known_tables"] = ";".join(sorted(stated.union(filter(None, row["known_tables"].split(";")))))
    known = {row["household_id"] for row in register}
    homes = {row["household_id"]: row["region_code"] for row in tables.get("households", {}).values()}
    common = {"known_tables": ";".join(sorted(stated)), "seq": None, "scored_at": None}
    register += [{"household_id": code, "region_code": homes[code], **common} for code in homes.keys() - known]
    joined = {"register": pa.Table.from_pylist(register, REGISTER).sort_by("household_id")}
    for name in TABLES:
        parts = [_drop_known(name, stored[name], new[name])] if name in stored else [_make_empty(name)]
        joined[name] = pa.concat_tables([*parts, new[name]], promote_options="default")
    judged = judge_range(model, joined, as_of, (), counted=False)
    seen = judged.select(["household_id", *_SEEN]).to_pylist()
    return {row.pop("household_id"): row for row in seen}


def _make_empty(name: str) -> pa.Table:
    return to_arrow(name, dict.fromkeys((*TABLES[name].names, "attributes"), ()))


def _drop_known(name: str, stored: pa.Table, new: pa.Table) -> pa.Table:
    """Drop the stored rows that a delivery repeats or replaces: those with the same key and day of recording."""
    columns = [*TABLES[name].identity, "recorded_on"]
    if new.num_rows == 0 or not set(columns) <= set(new.column_names):
        return stored
    keys = set(zip(*(new[column].to_pylist() for column in columns), strict=True))
    rows = zip(*(stored[column].to_pylist() for column in columns), strict=True)
    return stored.filter(pa.array([row not in keys for row in rows], pa.bool_()))
