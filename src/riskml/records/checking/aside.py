"""Set bad rows aside: write them to a file and continue without them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb

from riskml.errors import RecordsError, UsageError
from riskml.records.checking.engine import Hit, find_hits
from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import Severity
from riskml.records.contract.schema import TABLES, Table
from riskml.records.reading.cell_sql import fetch_row, quote, quote_attribute, quote_raw, quote_text
from riskml.records.reading.folder import Folder
from riskml.records.reading.rules import RULES
from riskml.text import Joined

_FORMATS = {
    ".parquet": "FORMAT parquet",
    ".csv": "FORMAT csv, HEADER true",
    ".json": "FORMAT json, ARRAY true",
    ".jsonl": "FORMAT json",
}


def set_aside(folder: Folder, file: str | os.PathLike[str]) -> int:
    """Write every bad row of a folder to a file, and remove it from the folder's views.

    If rows for the same record, version or line contradict one another, all of them are set aside, because it is
    unknown which of them is right. Rows that become bad because others are set aside (for example, those of a household
    whose only row in ``households`` was bad) are set aside too, until no bad row is left. ``Folder.skipped`` counts the
    rows by code; a row with two faults is counted under both codes.

    Parameters
    ----------
    folder : Folder
    file : path
        File to write; it is overwritten if it exists. Its columns are ``table``, ``row``, ``code``, ``message``,
        ``message_zh`` (in Chinese) and ``content`` (the row as JSON, with its cells as text). The file's extension
        determines the format: ``.parquet``, ``.csv``, ``.json`` or ``.jsonl``.

    Returns
    -------
    int
        Number of rows set aside, each counted once.

    Raises
    ------
    UsageError
        If the extension is unknown, or the file is inside the records folder.
    RecordsError
        If the file cannot be written.
    """
    target = Path(file)
    if target.suffix.lower() not in _FORMATS:
        raise UsageError(
            "Bad rows cannot be written to {target}.",
            "The name must end in one of {endings}.",
            target=target,
            endings=Joined(_FORMATS),
        )
    if target.resolve().is_relative_to(folder.path.resolve()):
        raise UsageError(
            "{target} lies in the records folder.",
            "Choose a file outside it: every file in a records folder must belong to a table.",
            target=target,
        )
    sql = folder.connection
    sql.execute(
        'CREATE OR REPLACE TEMP TABLE aside ("table" VARCHAR, "#file" VARCHAR, "#row" BIGINT, code VARCHAR, '
        "message VARCHAR, message_zh VARCHAR, content VARCHAR)"
    )
    _set_ragged_rows_aside(folder)
    try:
        while _set_bad_rows_aside(folder):
            pass
    except duckdb.Error:
        # The table of a damaged file is left out; the check will then refuse the folder because of that file.
        if not folder.drop_damaged():
            raise
    folder.skipped = {
        str(code): int(n)
        for code, n in sql.execute("SELECT code, count(*) FROM aside GROUP BY 1 ORDER BY 1").fetchall()
    }
    _write(sql, target)
    return int(fetch_row(sql, 'SELECT count(*) FROM (SELECT DISTINCT "table", "#file", "#row" FROM aside)')[0])


def _set_ragged_rows_aside(folder: Folder) -> None:
    """Set aside the CSV rows of the wrong width, which were already left out when the file was read."""
    rule = RULES["ragged_row"]
    rows = [
        (name, row, rule.code, rule.title, rule.zh, json.dumps(cells, ensure_ascii=False))
        for name, layout in folder.layouts.items()
        for row, cells in layout.ragged.items()
    ]
    if rows:
        folder.connection.executemany("INSERT INTO aside VALUES (?, '', ?, ?, ?, ?, ?)", rows)
    folder.faults = [fault for fault in folder.faults if fault.code != RULES["ragged_row"].code]


def _set_bad_rows_aside(folder: Folder) -> bool:
    """Set aside the rows of every table that are currently bad; return whether there were any."""
    any_bad, faults = False, [rule for rule in CHECKS if rule.severity is Severity.FAULT]
    for name in folder.tables:
        table = TABLES[name]
        hits = find_hits(folder, table, faults)
        for hit in hits:
            _record(folder, table, hit)
        if hits:
            out = f"left_out_{name}"
            folder.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {out} AS "
                f"""SELECT DISTINCT "#file", "#row" FROM aside WHERE "table" = '{name}'"""
            )
            folder.leave_out(name, out)
            any_bad = True
    return any_bad


def _record(folder: Folder, table: Table, hit: Hit) -> None:
    """Add the rows of a hit, with their cells as JSON, to the table of rows that are set aside."""
    layout = folder.layouts[table.name]
    cells = []
    named = [(name, quote(name)) for name in table.names]
    for column, cell in [*named, *((name, quote_attribute(name)) for name in layout.attributes)]:
        text = f"n.{cell}::VARCHAR"
        if column in layout.raw:
            text = f"coalesce(n.{quote_raw(column)}, {text})"
        cells.append(f"{quote(column)} := {text}")
    column = hit.probe.column
    message = f"{hit.rule.title} ({column})" if column else hit.rule.title
    message_zh = f"{hit.rule.zh}（{column}）" if column else hit.rule.zh
    folder.connection.execute(
        f"""INSERT INTO aside SELECT ?, "#file", "#row", ?, ?, ?, to_json(struct_pack({", ".join(cells)}))
        FROM {folder.get_numbered_view(table.name)} n SEMI JOIN ({hit.rows}) bad USING ("#file", "#row")""",
        [table.name, hit.rule.code, message, message_zh],
    )


def _write(sql: duckdb.DuckDBPyConnection, target: Path) -> None:
    # Spreadsheet programs read a CSV file as UTF-8 only if it begins with a byte order mark.
    first = "\ufefftable" if target.suffix.lower() == ".csv" else "table"
    query = f"""
        SELECT "table" AS {quote(first)}, CASE WHEN "#file" = '' THEN '' ELSE "#file" || ':' END || "#row" AS "row",
            code, message, message_zh, content FROM aside ORDER BY aside."table", "#file", "#row", code, message"""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sql.execute(f"COPY ({query}) TO {quote_text(target)} ({_FORMATS[target.suffix.lower()]})")
    except (duckdb.Error, OSError) as error:
        reason = str(error).splitlines()[0]
        raise RecordsError("Bad rows cannot be written to {target}: {reason}", target=target, reason=reason) from error
