"""What a household's page shows while a clue is open: both verdicts as if it were true."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from riskml_serving.casework.clues.kinds import may_read_clue, suppose
from riskml_serving.casework.clues.states import find_state
from riskml_serving.judging.scores.service import judge_households
from riskml_serving.store.facts.corrections import Fact, find_restated, find_stated_by_others
from riskml_serving.store.records.columns import Columns, Rows, to_rows
from riskml_serving.web.household.reader import Reader


def add_rows(tables: Mapping[str, Columns], rows: Mapping[str, Rows]) -> dict[str, Columns]:
    """Add rows about one household, by table, to its tables that were read.

    What several rows state, or a row that was read, counts once: see :mod:`store.facts.corrections`.

    >>> row = {"household_id": "h1", "occurred_on": dt.date(2024, 3, 5), "kind": "accident", "record_id": None}
    >>> near, far = ({**row, "occurred_on": dt.date(2024, month, 30)} for month in (3, 5))
    >>> add_rows({"events": {"kind": [], "occurred_on": []}}, {"events": [row, near, far]})["events"]["kind"]
    ['accident', 'accident']
    """
    return {**tables, **{name: _add(name, tables[name], own) for name, own in rows.items()}}


def _add(name: str, columns: Columns, rows: Rows) -> Columns:
    facts = [Fact(f"\n{i}", f"{i}", row) for i, row in enumerate(rows)]  # no stored record number has a line break
    stored = [row for row in to_rows(columns) if row["household_id"]]  # rows about a region state no household's loss
    again = find_restated(name, facts, ()) | find_stated_by_others(name, facts, stored)
    new = [fact.row for fact in facts if fact.record_id not in again]
    return {column: [*cells, *(row.get(column) for row in new)] for column, cells in columns.items()}


def read_supposed(
    reader: Reader, register: Mapping[str, Any], as_of: dt.date, clues: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Judge a household as if those of its open clues, the latest first, were true that the reader may see.

    None is returned without any.

    Returns
    -------
    dict or None
        ``left_out``: kinds of clues that say too little to be judged; unless all do, also what the page shows of both
        verdicts.
    """
    believed = [row for row in clues if find_state(row) == "open" and may_read_clue(row, reader.caller)]
    rows: defaultdict[str, Rows] = defaultdict(list)
    for row in reversed(believed):  # the earliest first: a later report corrects an earlier one
        for table, record in suppose(row, as_of).items():
            rows[table].append(record)
    left_out = list(dict.fromkeys(row["what"] for row in believed if not suppose(row, as_of)))
    if not rows:
        return {"left_out": left_out} if believed else None
    homes = {register["household_id"]: register}
    (judged,) = judge_households(reader.connection, reader.model, homes, as_of, partial(add_rows, rows=rows))
    return {"left_out": left_out, **reader.describe_verdicts(judged.explain(redact=reader.caller.redact))}
