"""Divide the households of a folder: into parts by hash or by region, or into a sample and the others.

A row may correct one of another household: both rows have the same ``record_id``. Households that are linked in this
way always stay together, because each of them would otherwise lose what the other row says about it.
"""

from __future__ import annotations

import pyarrow as pa

from riskml.records.contract.schema import TABLES
from riskml.records.reading.cell_sql import NULL_FIRST, fetch_row
from riskml.records.reading.folder import Folder


def _link_households(folder: Folder) -> dict[str, str]:
    """Map every household that is linked with others to the first of them, by household code."""
    first: dict[str, str] = {}

    def find(code: str) -> str:
        while (before := first.setdefault(code, code)) != code:
            first[code] = first[before]
            code = before
        return code

    for table in [table for table in folder.tables if TABLES[table].find_column("record_id")]:
        linked = folder.connection.execute(f"""
            SELECT list(DISTINCT household_id) FROM {folder.get_view(table)}
            SEMI JOIN {folder.find_repeated_records(table)} USING (record_id)
            GROUP BY record_id HAVING count(DISTINCT household_id) > 1""").fetchall()
        for (codes,) in linked:
            roots = sorted({find(code) for code in codes if code is not None})
            first |= dict.fromkeys(roots, roots[0])
    return {code: find(code) for code in list(first)}


def assign_parts(folder: Folder, parts: int, by: str) -> str:
    """Assign every household to one of the parts; return the name of a DuckDB table of ``household_id`` and ``part``.

    Parameters
    ----------
    folder : Folder
    parts : int
    by : {"hash", "region"}
        By a hash of the code, or whole regions in the order of their codes, with about as many households in each
        part. A household counts where its latest version lives.
    """
    homes = _list_homes(folder)
    part = f"md5_number_lower(root) % {parts}"
    if by == "region":
        # A region goes where its first household goes, and linked households go with the first of them.
        part = f"(count(*) OVER (ORDER BY region) - count(*) OVER (PARTITION BY region)) * {parts} // count(*) OVER ()"
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#parts" AS
        SELECT household_id, ({part})::INTEGER AS part FROM (
            SELECT h.household_id, h.root, r.region FROM {homes} h JOIN {homes} r ON h.root = r.household_id)""")
    return '"#parts"'


def keep_sample(folder: Folder, households: int) -> int:
    """Keep this many households of a folder, those with the lowest hashes of their codes; return how many it had.

    A smaller sample of the same households is part of a larger one, and more rows of a household do not change it.
    """
    homes = _list_homes(folder)
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#sample" AS
        SELECT household_id FROM {homes} ORDER BY md5_number_upper(root), root, household_id LIMIT {households}""")
    [total] = fetch_row(folder.connection, f"SELECT count(*) FROM {homes}")
    if total > households:
        folder.keep_households('"#sample"')
    return int(total)


def _list_homes(folder: Folder) -> str:
    """Create a table of each household's code and latest region, and of the first household linked to it (``root``)."""
    linked = _link_households(folder)
    codes = {"household_id": pa.array(linked, pa.string()), "root": pa.array(linked.values(), pa.string())}
    folder.connection.register("linked", pa.table(codes))
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#homes" AS
        SELECT household_id, coalesce(any_value(root), household_id) AS root,
            arg_max(region_code, {NULL_FIRST}) AS region
        FROM {folder.get_view("households")} LEFT JOIN linked USING (household_id) GROUP BY household_id""")
    folder.connection.unregister("linked")
    return '"#homes"'
