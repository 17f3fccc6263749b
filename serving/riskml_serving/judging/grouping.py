"""Groups households for which the same tables are known: an absent table means 'unknown', an empty one 'no rows'.

A table for a few households is a mapping of columns; a table for many is an Arrow table. riskml accepts both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from riskml.records.contract.schema import TABLES
from riskml.records.panel.store import Records
from riskml_serving.judging.model import Model
from riskml_serving.store.records.columns import Columns

Tables = Mapping[str, Columns] | Mapping[str, pa.Table]
"""Tables by their names in the contract."""

REQUIRED = tuple(name for name, table in TABLES.items() if table.required)
OPTIONAL = tuple(name for name in TABLES if name not in REQUIRED)


def group_by_known_tables(tables: Tables, known_tables: Mapping[str, str]) -> Iterator[Tables]:
    """Split the tables of households into groups for which the same tables are known.

    Parameters
    ----------
    tables : dict
        All tables of the contract; ``disaster`` also holds disasters in the regions that contain the households, in
        rows whose household is null.
    known_tables : dict of str to str
        For each household, the names of the tables that are known to be stored completely, separated by ``;``. Any
        other table counts as known if the household has a row in it; ``disaster`` also counts as known if a disaster
        struck the household's region.

    Yields
    ------
    dict
        The tables that are known for the households in one group, with these households' rows.
    """
    households = tables["households"]
    present, struck = set(_list(households["household_id"])), _find_struck(households, tables["disaster"])
    holders = {name: set(_list(tables[name]["household_id"])) for name in OPTIONAL}
    groups: dict[frozenset[str], set[str]] = defaultdict(set)
    for code, names in known_tables.items():
        if code in present:
            own = {name for name, codes in holders.items() if code in codes} | set(filter(None, names.split(";")))
            groups[frozenset(own | {"disaster"} if code in struck else own)].add(code)
    for known, codes in groups.items():
        chosen = [name for name in TABLES if name in known or name in REQUIRED]
        whole = len(groups) == 1
        yield {name: tables[name] if whole or name == "lines" else _select(tables[name], codes) for name in chosen}


def pack(tables: Tables, model: Model) -> Records:
    """Pack a group's tables into records for a panel; use the policy's lines if the tables hold none.

    Raises
    ------
    RecordsError
        If riskml cannot use the tables as they are.
    """
    take = Records.from_arrow if isinstance(tables["households"], pa.Table) else Records.from_tables
    return take(tables, model.policy.lines)


def _list(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.to_pylist()


def _find_struck(households: Any, disasters: Any) -> set[str]:
    """Find the households that have ever lived in a region struck by a disaster."""
    struck = zip(_list(disasters["household_id"]), _list(disasters["region_code"]), strict=True)
    prefixes = tuple({region for code, region in struck if code is None})
    if not prefixes:
        return set()
    versions = zip(_list(households["household_id"]), _list(households["region_code"]), strict=True)
    return {code for code, region in versions if (region or "").startswith(prefixes)}


def _select(table: Any, codes: set[str]) -> Any:
    """Select the rows for some households, and the rows without a household: disasters that struck a whole region."""
    if isinstance(table, pa.Table):
        column = table["household_id"]
        return table.filter(pc.or_(pc.is_in(column, pa.array(list(codes), pa.string())), pc.is_null(column)))
    keep = [i for i, code in enumerate(table["household_id"]) if code is None or code in codes]
    return {name: [values[i] for i in keep] for name, values in table.items()}
