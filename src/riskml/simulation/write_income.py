"""Write reported income, which comes late, is sometimes missing and is occasionally corrected."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from riskml.records.contract.calendar import to_month_end
from riskml.records.contract.schema import SOURCES
from riskml.simulation.chunk import Chunk
from riskml.simulation.writing import Tables

__all__ = ["write_income"]

Ints = NDArray[np.int64]
_SOURCES = np.array(list(SOURCES)[:4])


def write_income(chunk: Chunk, tables: Tables) -> None:
    """Append rows to ``income``, ordered by household, month and source.

    A household reports every source from which it ever has income in the records, even in a month without any.
    """
    amounts = chunk.lived["amounts"]
    reported = chunk.lived["reported"] == 1
    has = (amounts != 0.0).any(axis=1)
    has[:, 3] |= ~has.any(axis=1)
    household, month, source = np.nonzero(reported[:, :, None] & has[:, None, :])
    row, amount, recorded_on, record_id = _draw_corrections(
        chunk, household, month, source, amounts[household, month, source]
    )
    codes = pa.array(chunk.make_codes(np.arange(chunk.n)))
    columns = {
        "household_id": pa.DictionaryArray.from_arrays(pa.array(household[row].astype(np.int32)), codes),
        "period_start": (to_month_end(chunk.months - 1) + 1)[month[row]],
        "months": np.ones(len(row), np.int32),
        "source": pa.DictionaryArray.from_arrays(pa.array(source[row].astype(np.int8)), pa.array(_SOURCES)),
        "amount": amount,
        "recorded_on": recorded_on,
        "record_id": pa.array(record_id, mask=record_id == ""),
    }
    tables.add("income", columns)


def _draw_corrections(
    chunk: Chunk, household: Ints, month: Ints, source: Ints, amount: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.float64], Ints, NDArray[np.str_]]:
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
    recorded = _draw_recorded_on(chunk)[household, month]
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


def _draw_recorded_on(chunk: Chunk) -> NDArray[np.int64]:
    low, high = chunk.p.recording.report_delay
    share, from_days, to_days = chunk.p.recording.very_late
    shape = chunk.lived.shape
    usual = low + (high - low) * chunk.rng.beta(1.2, 2.5, shape)
    slow = from_days + (to_days - from_days) * chunk.rng.random(shape)
    usual[chunk.rng.random(shape) < chunk.p.recording.reported_at_once] = 0.0
    delay = np.where(chunk.rng.random(shape) < share, slow, usual).astype(np.int64)
    recorded_on: NDArray[np.int64] = to_month_end(chunk.months).astype(np.int64)[None, :] + delay
    return recorded_on
