"""Open a records folder: every table becomes a typed DuckDB view, whatever the format of its files.

Opening never fails because of the content of a file; instead, faults in files and columns are collected.
`riskml.records.checking.check` adds the faults in rows, and refuses a folder with faults.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from riskml.errors import RecordsError
from riskml.records.contract.faults import CheckReport, Fault
from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import connect, fetch_row, quote, quote_attribute
from riskml.records.reading.files import find_sources
from riskml.records.reading.groups import find_damage
from riskml.records.reading.tables import Layout, read_table
from riskml.records.reading.views import TypedViews

UsualLines = Sequence[tuple[str, dt.date, float]]
"""Dated lines of a policy table: prefix of the region, first day, and yuan/person/year."""


class Folder(TypedViews):
    """A records folder that has been opened but not yet checked.

    Parameters
    ----------
    path : Path
    connection : duckdb.DuckDBPyConnection
        In-memory database; close the folder to free it.
    layouts : dict of str to Layout
        Layouts of the tables that could be read, in the order of the contract.
    faults : list of Fault
        Faults in files and columns.

    Attributes
    ----------
    skipped : dict of str to int
        Number of rows set aside, by the code of the fault (see `riskml.records.checking.aside.set_aside`).
    report : CheckReport or None
        Result of the check; None until `riskml.records.checking.check.open_checked` has checked the folder.
    usual_lines : UsualLines
        Lines of a policy table with which the check compares those of the folder; none by default.
    today : date or None
        Day after which nothing can have happened. None for a folder, whose income may be simulated or of long ago.
    """

    def __init__(
        self, path: Path, connection: duckdb.DuckDBPyConnection, layouts: dict[str, Layout], faults: list[Fault]
    ) -> None:
        super().__init__(connection, layouts, layouts["households"].attributes if "households" in layouts else {})
        self.path = path
        self.layouts = layouts
        self.faults = faults
        self.skipped: dict[str, int] = {}
        self.report: CheckReport | None = None
        self.usual_lines: UsualLines = ()
        self.today: dt.date | None = None
        self._queries: dict[str, str] = {}
        for table in layouts:
            self._create_views(table, layouts[table].query)

    def _create_views(self, table: str, query: str) -> None:
        self._queries[table] = query
        names = [*map(quote, TABLES[table].names), *map(quote_attribute, self.layouts[table].attributes)]
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {self.get_numbered_view(table)} AS {query}")
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {self.get_view(table)} AS "
            f"SELECT {', '.join(names)} FROM {self.get_numbered_view(table)}"
        )

    @property
    def warnings(self) -> int:
        """Number of warnings that the check gave."""
        return len(self.report.warnings) if self.report else 0

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are present and readable, in the order of the contract."""
        return list(self.layouts)

    def get_view(self, table: str) -> str:
        """Return the name of a table's view, for use in SQL on `connection`.

        The view has every declared column, in the order of the contract and with its type (VARCHAR, DATE, INTEGER,
        DOUBLE or BOOLEAN). An empty cell is null, or has the default if one is declared (``months``, ``visits``). The
        view of households also has their attributes (DOUBLE or VARCHAR) as columns ``attribute <name>``, so that no
        name of theirs can equal one in a query.

        Raises
        ------
        RecordsError
            If the folder does not have the table.
        """
        return f"records_{self._require(table)}"

    def get_numbered_view(self, table: str) -> str:
        """Return the name of the view that also has each row's file and number, and unreadable cells as raw text."""
        return f"numbered_{self._require(table)}"

    def count_rows(self, table: str) -> int:
        """Count the rows of a table."""
        return int(fetch_row(self.connection, f"SELECT count(*) FROM {self.get_view(table)}")[0])

    def leave_out(self, table: str, rows: str) -> None:
        """Remove rows from both views of a table.

        Parameters
        ----------
        table : str
        rows : str
            Name of a DuckDB table with the columns ``#file`` and ``#row`` of the rows to leave out.
        """
        query = f'SELECT n.* FROM ({self.layouts[table].query}) n ANTI JOIN {rows} r USING ("#file", "#row")'
        self._create_views(table, query)
        self._created.clear()

    def keep_households(self, households: str) -> None:
        """Remove the rows of all other households from the views; rows about regions are kept.

        Parameters
        ----------
        households : str
            Name of a DuckDB table with the column ``household_id``.
        """
        for table in [table for table in self.layouts if TABLES[table].find_column("household_id")]:
            kept = f"household_id IS NULL OR household_id IN (SELECT household_id FROM {households})"
            self._create_views(table, f"SELECT * FROM ({self._queries[table]}) WHERE {kept}")
        self._created.clear()

    def drop_damaged(self) -> bool:
        """Read every Parquet file in full, report the damaged ones, and remove their tables from the folder.

        Returns
        -------
        bool
            Whether any file is damaged.
        """
        faults = [fault for layout in self.layouts.values() for fault in find_damage(self.connection, layout.source)]
        self.faults += faults
        for table in {fault.table for fault in faults}:
            del self.layouts[table]
        return bool(faults)

    def fingerprint(self) -> str:
        """Compute the fingerprint of the data, as 32 hexadecimal digits.

        The same rows give the same fingerprint in any order, in any number of parts, and in CSV or Parquet. An absent
        table and an empty one give different fingerprints. Different versions of DuckDB may also give different
        fingerprints.

        Notes
        -----
        For every table, the fingerprint covers the number of rows and the sum of DuckDB's 64-bit hashes of the rows.
        """
        digest = hashlib.sha256()
        for table in self.tables:
            attributes = sorted(self.layouts[table].attributes)
            view, own = self.get_view(table), [column.name for column in TABLES[table].columns if not column.added]
            added = [quote(column.name) for column in TABLES[table].columns if column.added]
            stated = [name for name in added if fetch_row(self.connection, f"SELECT count({name}) FROM {view}") != (0,)]
            columns = ", ".join([*map(quote, own), *map(quote_attribute, attributes), *stated])
            row = fetch_row(self.connection, f"SELECT count(*), sum(hash({columns})) FROM {view}")
            digest.update(repr((table, attributes, row)).encode())
        return digest.hexdigest()[:32]

    def _require(self, table: str) -> str:
        if table not in self.layouts:
            raise RecordsError(
                "The records folder {path} has no readable table {table!r}.",
                "Call Folder.has(table) first; if a table is absent, nothing is known about its contents.",
                path=self.path,
                table=table,
            )
        return table


def open_folder(path: str | os.PathLike[str], *, checked: bool = False, only: Collection[str] | None = None) -> Folder:
    """Open a records folder.

    Parameters
    ----------
    path : path
        Folder with the tables of the data contract.
    checked : bool, default False
        Whether the folder was written from records that had been checked, with their types; its columns then keep their
        types.
    only : collection of str, optional
        Tables to open; all by default.

    Returns
    -------
    Folder
        The opened folder; close it, or use it in a ``with`` block.

    Raises
    ------
    RecordsError
        If the folder does not exist. Everything else that is wrong is collected in ``Folder.faults``.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise RecordsError.no_folder(path)
    sources, faults = find_sources(folder)
    connection = connect()
    layouts = {}
    for name in [name for name in sources if only is None or name in only]:
        source = sources[name]
        try:
            layout = read_table(connection, TABLES[name], source, faults, checked=checked)
        except duckdb.Error:
            if not (damage := find_damage(connection, source)):
                raise
            faults += damage
            continue
        if layout is not None:
            layouts[name] = layout
    return Folder(folder, connection, layouts, faults)
