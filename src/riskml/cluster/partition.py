"""Divide records among folders by household, each of which is a records folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from riskml.errors import UsageError
from riskml.mapping import Mapper
from riskml.records.checking.check import open_checked
from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import quote, quote_attribute, quote_text, read_parquet_sql
from riskml.records.reading.files import TRUTH, find_truth
from riskml.records.reading.folder import Folder, UsualLines, open_folder
from riskml.records.reading.grouping import assign_parts
from riskml.records.reading.partitions import (
    LIST,
    REGIONAL,
    Partition,
    hash_files,
    list_partitions,
    write_partitions,
)

By = Literal["hash", "region"]
J = TypeVar("J")
R = TypeVar("R")
MOST_HOUSEHOLDS = 20_000
"""Number of households for which a temporary partition is meant; a worker needs about 1 GB for them."""

HOMES = "homes.parquet"
"""Temporary table with the part of every household, kept while the records are divided."""


@dataclass(frozen=True)
class _Share:
    """The rows of one table that one job writes: those of every ``of``-th part, from ``first`` on."""

    table: str
    first: int
    of: int

    def __str__(self) -> str:
        return self.table


@contextmanager
def open_partitions(
    folder: Path,
    near: Path,
    usual_lines: UsualLines,
    skip_bad_rows: Path | None,
    workers: Mapper,
    notify: Callable[[Folder], None],
) -> Iterator[list[Partition]]:
    """List the partitions of a folder that have households; a folder without partitions is divided temporarily.

    Parameters
    ----------
    folder : Path
    near : Path
        Folder, seen by all workers, in which temporary partitions are written.
    usual_lines : UsualLines
    skip_bad_rows : Path or None
        File in which faulty rows are set aside; partitions have none.
    workers : Mapper
    notify : callable
        Called with a folder that is divided temporarily, after its check.

    Raises
    ------
    RecordsError
        If the folder has faults.
    """
    if listed := list_partitions(folder.resolve()):
        yield [one for one in listed if one.households]
        return
    near.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".riskml-partitions-", dir=near) as temporary:
        out = Path(temporary) / "records"
        with open_checked(folder, skip_bad_rows, usual_lines, workers) as opened:
            notify(opened)
            households = opened.count_rows("households")
            partition(opened, out, max(len(workers), -(-households // MOST_HOUSEHOLDS)), workers=workers)
        yield [one for one in list_partitions(out) if one.households]


def refuse_other_folder(out: Path) -> None:
    """Refuse to write partitions to a folder that holds something else.

    Raises
    ------
    UsageError
    """
    if out.exists() and not (out / LIST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(
            "{path} holds files that are not partitions and will not be overwritten.", "Choose another --out.", path=out
        )


def partition(folder: Folder, out: Path, parts: int, by: By = "hash", workers: Mapper | None = None) -> int:
    """Divide a folder's records among ``parts`` folders below ``out`` and return the number of households.

    Parameters
    ----------
    folder : Folder
        A checked folder.
    out : Path
        Folder to write; an earlier one with partitions is replaced.
    parts : int
    by : {"hash", "region"}
        See :func:`riskml.records.reading.grouping.assign_parts`.
    workers : Mapper, optional
        Workers that share the writing. By default, this process writes everything itself, as it does for CSV files and
        for folders from which rows were set aside.

    Raises
    ------
    UsageError
        If ``out`` holds something else, or lies in the records folder.
    """
    refuse_other_folder(out)
    if out.resolve().is_relative_to(folder.path.resolve()):
        raise UsageError("{path} lies in the records folder.", "Choose another --out.", path=out)
    if folder.skipped or any(layout.source.form == "csv" for layout in folder.layouts.values()):
        workers = None
    source, count = (folder, 1) if workers is None else (folder.path.resolve(), len(workers))
    out.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        homes = assign_parts(folder, parts, by)
        _copy(folder, f"SELECT * FROM {homes} ORDER BY household_id", stage / HOMES)
        for number in range(parts):
            (stage / _name(number)).mkdir()
        tables = [table for table in folder.tables if TABLES[table].find_column("household_id")]
        shares = [_Share(table, first, count) for table in tables for first in range(count)]
        _map(workers, partial(_write_share, source, stage.resolve(), parts), shares)
        _write_shared(folder, stage, parts)
        counted = folder.connection.execute(f"SELECT part, count(*) FROM {homes} GROUP BY 1").fetchall()
        (stage / HOMES).unlink()
        households, paths = dict(counted), [stage / _name(number) for number in range(parts)]
        hashes = _map(workers, hash_files, [path.resolve() for path in paths])
        listed = [Partition(paths[i], households.get(i, 0), hashes[i]) for i in range(parts)]
        write_partitions(stage, listed, by)
        stage.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        stage.rename(out)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return sum(households.values())


def _map(workers: Mapper | None, function: Callable[[J], R], jobs: Sequence[J]) -> list[R]:
    return [function(job) for job in jobs] if workers is None else workers.map(function, jobs)


def _name(number: int) -> str:
    return f"{number:04d}"


def _copy(folder: Folder, query: str, path: Path, options: str = "") -> None:
    path.parent.mkdir(exist_ok=True)
    folder.connection.execute(f"COPY ({query}) TO {quote_text(path)} (FORMAT parquet{options})")


def _list_columns(folder: Folder, table: str) -> list[tuple[str, str]]:
    """List the columns that a table has in its files: the name in the view, and the name in the files."""
    layout = folder.layouts[table]
    columns = [(quote(name), quote(name)) for name in TABLES[table].names if name in layout.present]
    return columns + [(quote_attribute(name), quote(name)) for name in layout.attributes]


def _write_share(source: Folder | Path, stage: Path, parts: int, share: _Share) -> None:
    """Write the rows of a table about households: one folder in each of the parts, with an empty file if need be."""
    if isinstance(source, Path):
        with open_folder(source, only=[share.table]) as folder:
            _write_share(folder, stage, parts, share)
        return
    table, columns = share.table, _list_columns(source, share.table)
    selected = ", ".join(f"{column} AS {name}" for column, name in columns)
    rows = f"""
        SELECT {selected}, part FROM {source.get_view(table)}
        JOIN {read_parquet_sql([stage / HOMES])} USING (household_id)
        WHERE part % {share.of} = {share.first}"""
    written = stage / f".{table}.{share.first}"
    _copy(source, rows, written, ", PARTITION_BY (part), OVERWRITE")
    for number in range(share.first, parts, share.of):
        target = stage / _name(number) / table
        if (own := written / f"part={number}").is_dir():
            shutil.rmtree(target, ignore_errors=True)  # a lost worker may have written it before
            own.rename(target)
        elif not target.is_dir():
            _copy(source, f"SELECT * EXCLUDE (part) FROM ({rows}) LIMIT 0", target / "data_0.parquet")
    shutil.rmtree(written)


def _write_shared(folder: Folder, stage: Path, parts: int) -> None:
    """Write what belongs to no single household, in full, and for each part what concerns it."""
    if truth := find_truth(folder.path):
        shutil.copyfile(truth, stage / TRUTH)
    lines = ", ".join(name for _, name in _list_columns(folder, "lines"))
    _copy(folder, f"SELECT {lines} FROM {folder.get_view('lines')}", stage / "lines.parquet")
    regional = folder.has("disaster") and "region_code" in folder.layouts["disaster"].present
    if regional:
        _find_struck(folder)
        _copy(folder, 'FROM "#rows"', stage / "disaster.parquet")
    for number in range(parts):
        path = stage / _name(number)
        shutil.copyfile(stage / "lines.parquet", path / "lines.parquet")
        if truth:
            own = f'SELECT household_id FROM "#parts" WHERE part = {number}'
            _copy(folder, f"FROM {read_parquet_sql([truth])} WHERE household_id IN ({own})", path / TRUTH)
        if regional:
            _copy(folder, _select_disasters(folder, number), path / "disaster" / REGIONAL)


def _find_struck(folder: Folder) -> None:
    """Create two tables: the disasters of regions (``#rows``), and which parts they may strike (``#struck``)."""
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#rows" AS FROM {folder.get_view("disaster")} WHERE region_code IS NOT NULL""")
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#struck" AS
        WITH regions AS (
            SELECT DISTINCT region_code AS code, part
            FROM {folder.get_view("households")} JOIN "#parts" USING (household_id))
        SELECT DISTINCT region_code, part FROM "#rows" JOIN regions ON starts_with(code, region_code)""")


def _select_disasters(folder: Folder, number: int) -> str:
    """Select the disasters of regions that may strike a household of a part; the first part has those that strike none.

    If a row about a household of another part replaces one about a region, a withdrawal stands for it.
    """
    others = [quote(name) for name in TABLES["disaster"].names if name not in ("household_id", "region_code")]
    stated = ", ".join(others).replace('"withdrawn"', 'true AS "withdrawn"').replace('"record_id"', 'd."record_id"')
    strikes_none = "" if number else """OR region_code NOT IN (SELECT region_code FROM "#struck")"""
    return f"""
        WITH struck AS (SELECT region_code FROM "#struck" WHERE part = {number}),
        records AS (SELECT record_id FROM "#rows" SEMI JOIN struck USING (region_code) WHERE record_id IS NOT NULL),
        kept AS (
            FROM "#rows" WHERE record_id IN (FROM records) OR region_code IN (FROM struck) {strikes_none})
        SELECT {", ".join(map(quote, TABLES["disaster"].names))} FROM kept
        UNION ALL BY NAME
        SELECT r.region_code, {stated} FROM {folder.get_view("disaster")} d
        JOIN "#parts" p ON d.household_id = p.household_id AND part <> {number}
        JOIN (SELECT record_id, min(region_code) AS region_code FROM kept GROUP BY 1) r ON d.record_id = r.record_id"""
