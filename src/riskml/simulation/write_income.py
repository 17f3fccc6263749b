"""Write the income table: monthly reports, or yearly statements with wage lists, or one of the two per household."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskml.arrays import Floats, Ints, Mask
from riskml.records.contract.calendar import to_month_end
from riskml.records.contract.schema import SOURCES
from riskml.simulation.chunk import Chunk, draw_report_days
from riskml.simulation.write_statements import Rows, make_statements, make_wage_lists
from riskml.simulation.writing import Tables

_SOURCES = np.array(list(SOURCES)[:4])

Income = Literal["monthly", "register", "mixed"]
"""How income is recorded: as monthly reports, as yearly statements with wage lists, or each for half the households."""


def write_income(chunk: Chunk, income: Income, tables: Tables) -> None:
    """Append rows to ``income``, ordered by household.

    In a mixed county, the hash of a household's code decides whether it has the same rows as in a monthly county or as
    in a register.
    """
    # Separate random streams, so that the choice of ``income`` changes no other table.
    monthly, register = (replace(chunk, rng=rng) for rng in chunk.rng.spawn(2))
    stated = np.full(chunk.n, income == "register")
    if income == "mixed":
        stated = np.array([sha256(code.encode()).digest()[0] % 2 == 1 for code in chunk.make_codes(np.arange(chunk.n))])
    parts: list[Rows] = []
    if income != "register":
        parts += [_select(_make_reports(monthly), ~stated)]
    if income != "monthly":
        parts += [_select(make_statements(register), stated), _select(make_wage_lists(register), stated)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[-1]}
    if income != "monthly":
        order = np.argsort(rows["household"], kind="stable")
        rows = {name: values[order] for name, values in rows.items()}
    household = rows.pop("household")
    columns = rows | {
        "household_id": pa.DictionaryArray.from_arrays(
            pa.array(household.astype(np.int32)), pa.array(chunk.make_codes(np.arange(chunk.n)))
        ),
        "source": pa.DictionaryArray.from_arrays(pa.array(rows["source"].astype(np.int8)), pa.array(_SOURCES)),
        "record_id": pa.array(rows["record_id"], mask=rows["record_id"] == ""),
    }
    if income == "monthly":
        del columns["statement"], columns["member"]
    else:
        member = columns.pop("member")
        columns["member_id"] = pa.array(chunk.make_member_codes(household, member), mask=member < 0)
    tables.add("income", columns)


def _select(rows: Rows, chosen: Mask) -> Rows:
    """Select the rows of the chosen households."""
    keep = chosen[rows["household"]]
    return rows if keep.all() else {name: values[keep] for name, values in rows.items()}


def _make_reports(chunk: Chunk) -> Rows:
    """Make the reports by month and source; some come late, some are missing, and some are corrected later.

    A household reports every source from which it has had income so far, even in a month without any.
    """
    amounts = chunk.lived["amounts"]
    reported = chunk.lived["reported"] == 1
    has = np.logical_or.accumulate(amounts != 0.0, axis=1)
    has[:, :, 3] |= ~has.any(axis=2)
    household, month, source = np.nonzero(reported[:, :, None] & has)
    row, amount, recorded_on, record_id = _draw_corrections(
        chunk, household, month, source, amounts[household, month, source]
    )
    return {
        "household": household[row],
        "period_start": (to_month_end(chunk.months - 1) + 1)[month[row]],
        "months": np.ones(len(row), np.int64),
        "source": source[row],
        "amount": amount,
        "statement": np.zeros(len(row), np.bool_),
        "member": np.full(len(row), -1),
        "recorded_on": recorded_on,
        "record_id": record_id,
    }


def _draw_corrections(
    chunk: Chunk, household: Ints, month: Ints, source: Ints, amount: Floats
) -> tuple[Ints, Floats, Ints, NDArray[np.str_]]:
    """Draw when each row is recorded, and which rows have errors that are corrected later.

    A corrected row is written twice, the first time with a wrong amount. For some other rows, a duplicate and its later
    withdrawal are written in addition to the correct row.

    Returns
    -------
    row : array of int
        For each row to write, its position in the arguments, in ascending order.
    amount, recorded_on, record_id : arrays
        The values for each row to write.
    """
    rng, recording = chunk.rng, chunk.p.recording
    recorded = draw_report_days(chunk)[household, month]
    wrong = rng.random(len(amount)) < recording.corrected
    void = rng.random(len(amount)) < recording.withdrawn
    wrong, void = np.flatnonzero(wrong & ~void), np.flatnonzero(void & ~wrong)
    wrong_amount = np.rint(amount[wrong] * rng.choice([0.1, 0.5, 1.5, 2.0, 10.0], len(wrong)))
    later = recorded + rng.integers(10, 75, len(amount))

    def make_ids(rows: Ints) -> NDArray[np.str_]:
        number = (chunk.months[month[rows]] * 4 + source[rows]).astype(str)
        return np.char.add(np.char.add(chunk.make_codes(household[rows]), "-"), number)

    first_amount, first_id = amount.copy(), np.full(len(amount), "", dtype="U24")
    first_amount[wrong], first_id[wrong] = wrong_amount, make_ids(wrong)
    row = np.concatenate([np.arange(len(amount)), wrong, void, void])
    order = np.argsort(row, kind="stable")
    return (
        row[order],
        np.concatenate([first_amount, amount[wrong], amount[void], np.full(len(void), np.nan)])[order],
        np.concatenate([recorded, later[wrong], recorded[void], later[void]])[order],
        np.concatenate([first_id, make_ids(wrong), make_ids(void), make_ids(void)])[order],
    )
