"""Records as they would be with, or without, the money of some help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from riskml.records.contract.calendar import STATEMENT_DELAY, to_date, to_day, to_month, to_month_end
from riskml_serving.store.records.columns import Columns, to_columns, to_rows

REGULAR = ("month", "year")
"""Periods of help that is given again and again."""

NEXT_TO_NOTHING = 1e-6
"""Yuan: what is left of a statement of nothing but help. Were it zero, months without this source would be reported."""

STATED = ("transfer", "total")
"""Sources of income whose statements contain help in money."""


def count_help(
    tables: Mapping[str, Columns],
    helps: Sequence[Mapping[str, Any]],
    as_of: dt.date,
    reported: Collection[int] | None,
) -> dict[str, Columns]:
    """Return one household's tables with the money of help counted as income, or not.

    A statement says all that a household had, so that help is in it already: it is taken out of the months that the
    statement covers if it is not to be counted, and never added to them. In other months, help is no income by the
    contract: it is added to those that are reported if it is to be counted. Added to any other month, it would be all
    the income of that month, and help would make the household poorer.

    Parameters
    ----------
    tables : dict of str to columns
    helps : sequence of rows
        Rows of the table ``help`` of the contract.
    as_of : date
    reported : collection of int or None
        Months in which income is reported; None if the money is not to be counted.

    Examples
    --------
    >>> income = {"source": "transfer", "amount": 6000.0, "period_start": dt.date(2023, 1, 1), "months": 12}
    >>> income |= {"household_id": "h1", "statement": True, "member_id": None, "record_id": None}
    >>> income["recorded_on"] = dt.date(2024, 1, 15)
    >>> tables = {"income": to_columns([income])}
    >>> gift = {"started_on": dt.date(2023, 11, 5), "ended_on": None, "amount": 300.0, "per": "month"}
    >>> months = range(to_month(to_day(dt.date(2023, 1, 1))), to_month(to_day(dt.date(2024, 1, 1))) + 1)
    >>> for reported in (months, None):
    ...     print(count_help(tables, [gift], dt.date(2024, 1, 31), reported)["income"]["amount"])
    [6000.0, 300.0]
    [5400.0]
    """
    money: dict[int, float] = {}
    for one in helps:
        for month, amount in _spread(one, as_of).items():
            money[month] = money.get(month, 0.0) + amount
    rows, covered = to_rows(dict(tables["income"])), set[int]()
    out: list[dict[str, Any]] = []
    for row in rows:
        months = _list_months(row)
        if row["statement"] and row["source"] in STATED and row["amount"] is not None and row["member_id"] is None:
            if (row["recorded_on"] or to_date(to_month_end(months[-1] + STATEMENT_DELAY))) <= as_of:
                covered.update(months)
            if reported is None:
                rest = row["amount"] - sum(money.get(month, 0.0) for month in months)
                row = {**row, "amount": rest or NEXT_TO_NOTHING}
        out.append(row)
    if reported is not None:
        own = {month: amount for month, amount in money.items() if month in reported and month not in covered}
        out = _add(out, own, as_of)
    return {**tables, "income": to_columns(out) if out else dict(tables["income"])}


def _add(rows: list[dict[str, Any]], money: Mapping[int, float], as_of: dt.date) -> list[dict[str, Any]]:
    """Add money to the totals of its months; a month without a total gets a row of its own."""
    out, left = [], dict(money)
    for row in rows:
        plain = not row["statement"] and row["source"] == "total" and row["member_id"] is None
        if plain and row["amount"] is not None:
            row = {**row, "amount": row["amount"] + sum(left.pop(month, 0.0) for month in _list_months(row))}
        out.append(row)
    if not rows:
        return out
    empty = {**dict.fromkeys(rows[0]), "household_id": rows[0]["household_id"], "source": "transfer", "months": 1}
    return out + [
        {**empty, "period_start": to_date(to_month_end(month - 1) + 1), "amount": amount, "recorded_on": as_of}
        for month, amount in sorted(left.items())
    ]


def _spread(one: Mapping[str, Any], as_of: dt.date) -> dict[int, float]:
    """Spread the amount of help over its months until a date; see the column ``per`` of the contract."""
    first, amount = to_month(to_day(one["started_on"])), one.get("amount") or 0.0
    if one.get("per") not in REGULAR:
        return {first: amount}
    last = to_month(to_day(min(one.get("ended_on") or as_of, as_of)))
    return dict.fromkeys(range(first, last + 1), amount if one["per"] == "month" else amount / 12)


def _list_months(row: Mapping[str, Any]) -> range:
    first = to_month(to_day(row["period_start"]))
    return range(first, first + (row["months"] or 1))
