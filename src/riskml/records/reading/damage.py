"""Find Parquet files that are sound at their end, where the columns are listed, and damaged inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from riskml.records.reading import file_rules as rules
from riskml.records.reading.groups import quote_path

if TYPE_CHECKING:
    from riskml.records.reading.folder import Folder

__all__ = ["drop_damaged"]


def drop_damaged(folder: Folder) -> bool:
    """Read every Parquet file in full; report damaged files and take their tables out of the folder.

    Returns
    -------
    bool
        Whether any file is damaged.
    """
    damaged: set[str] = set()
    for name, layout in folder.layouts.items():
        if layout.source.form == "csv":
            continue
        for path in layout.source.files:
            try:
                folder.connection.execute(
                    f"SELECT sum(hash(COLUMNS(*))) FROM read_parquet({quote_path(path)})"
                ).fetchall()
            except duckdb.Error as error:
                damaged.add(name)
                reason = str(error).splitlines()[0]
                folder.faults.append(rules.DAMAGED_FILE.to_fault(name, "", f"{path.name} cannot be read: {reason}."))
    for name in damaged:
        del folder.layouts[name]
    return bool(damaged)
