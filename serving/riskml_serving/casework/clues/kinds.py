"""What a clue can be about, and what its amount would mean if it were true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from riskml.records.contract.schema import TABLES
from riskml.vocabulary.terms import Term, Vocabulary, read_vocabularies
from riskml_serving.people.auth import Caller


@dataclass(frozen=True)
class ClueKind(Term):
    """A kind of event that people report.

    Parameters
    ----------
    code, zh, en : str
    health : bool, default False
        Whether the kind itself is health information.
    table, amount : str, default ""
        Table of the contract in which the event would be a record, and the column of its amount; empty if a report does
        not say enough for a record. A fall of income is such a case: income is known by source and month, or from a
        yearly statement, and a row of a guessed source would contradict either.
    values : dict of str to object
        The other columns of that record.
    """

    health: bool = False
    table: str = ""
    amount: str = "amount"
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)


KINDS = Vocabulary(
    ClueKind("income_fall", "收入骤减", "income fell"),
    ClueKind("spending_rise", "支出骤增", "spending rose"),
    ClueKind("illness", "生病住院", "illness", True, "illness", "self_paid", {"kind": "inpatient", "visits": 1}),
    ClueKind("disaster", "灾害", "disaster", False, "disaster", "loss", {"kind": "other"}),
    ClueKind("dropout", "失学", "dropped out of school", False, "events", values={"kind": "dropout"}),
    ClueKind("job_loss", "失业", "lost a job", False, "events", values={"kind": "job_loss"}),
    ClueKind("accident", "意外", "accident", False, "events", values={"kind": "accident"}),
    ClueKind("other", "其他", "other"),
)
"""Kinds of clues by code."""

CHANNELS = read_vocabularies("riskml_serving.casework.clues", "words.yaml")["channels"]
"""Ways in which clues arrive, by the codes of the contract; what a visit finds is no clue."""

HIDDEN = Term("hidden", "健康类线索（需授权）", "about health (needs permission)")
"""Stands for the kind of a clue that a reader may not see."""


def may_read_clue(row: Mapping[str, Any], caller: Caller) -> bool:
    """Return whether a caller may see what a clue is about, and its amount: its author always may."""
    return not (KINDS[row["what"]].health and caller.redact) or bool(row["created_by"] == caller.key_id)


def suppose(row: Mapping[str, Any], day: dt.date) -> dict[str, dict[str, Any]]:
    """Make the record that a clue would be if it were true, known on a day; empty if the clue says too little.

    Returns
    -------
    dict of str to row
        The row by the table of the contract that it would be in.

    Examples
    --------
    >>> clue = {"household_id": "h1", "what": "illness", "disaster": None, "amount": 9800.0, "occurred_on": None}
    >>> day = dt.date(2023, 6, 30)
    >>> row = suppose(clue, day)["illness"]
    >>> row["self_paid"], row["occurred_on"] == row["recorded_on"] == day
    (9800.0, True)
    >>> suppose({**clue, "what": "income_fall"}, day)
    {}
    """
    kind = KINDS[row["what"]]
    if not kind.table:
        return {}
    values = {**kind.values, "occurred_on": min(row["occurred_on"] or day, day), "recorded_on": day}
    if kind.table == "disaster" and row["disaster"]:
        values["kind"] = row["disaster"]
    values |= {"household_id": row["household_id"], kind.amount: row["amount"]}
    return {kind.table: {name: values.get(name) for name in TABLES[kind.table].names}}
