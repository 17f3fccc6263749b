"""Income as it is reported: late, sometimes missing, now and then corrected."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskml.records.contract.calendar import month_end
from riskml.records.contract.schema import SOURCES
from riskml.simulation.chunk import Chunk
from riskml.simulation.writing import Tables

__all__ = ["write_income"]

_SOURCES = np.array(list(SOURCES)[:4])


def write_income(chunk: Chunk, tables: Tables) -> None:
    """Append the rows of ``income``, ordered by household, month and source.

    A household reports every source it has ever had, also when the month brought nothing.
    """
    amounts = chunk.lived["amounts"]
    told = chunk.lived["told"] == 1
    has = (amounts != 0.0).any(axis=1)
    has[:, 3] |= ~has.any(axis=1)
    household, month, source = np.nonzero(told[:, :, None] & has[:, None, :])
    amount = amounts[household, month, source]
    recorded = _recorded(chunk)[household, month]
    wrong = chunk.rng.random(len(amount)) < chunk.p.recording.corrected
    void = chunk.rng.random(len(amount)) < chunk.p.recording.withdrawn
    _append(chunk, tables, household, month, source, amount, recorded, wrong & ~void, void & ~wrong)


def _recorded(chunk: Chunk) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    low, high = chunk.p.recording.report_delay
    share, from_days, to_days = chunk.p.recording.very_late
    shape = chunk.lived.shape
    usual = low + (high - low) * chunk.rng.beta(1.2, 2.5, shape)
    slow = from_days + (to_days - from_days) * chunk.rng.random(shape)
    usual[chunk.rng.random(shape) < chunk.p.recording.reported_at_once] = 0.0
    delay = np.where(chunk.rng.random(shape) < share, slow, usual).astype(np.int64)
    return month_end(chunk.months).astype(np.int64)[None, :] + delay


def _append(chunk, tables, household, month, source, amount, recorded, wrong, void) -> None:  # type: ignore[no-untyped-def]
    """Write the rows, the corrected ones twice and the withdrawn ones beside the right one."""
    rng = chunk.rng
    number = np.char.add(
        np.char.add(chunk.names(household[wrong | void]), "-"),
        np.char.add((chunk.months[month[wrong | void]] * 4 + source[wrong | void]).astype(str), ""),
    )
    ids = np.full(len(amount), "", dtype="U24")
    ids[wrong | void] = number
    first = amount.copy()
    first[wrong] = np.rint(amount[wrong] * rng.choice([0.1, 0.5, 1.5, 2.0, 10.0], int(wrong.sum())))
    own = np.where(wrong, ids, "")
    later = recorded + rng.integers(10, 75, len(amount))
    parts = [
        (np.arange(len(amount)), first, recorded, own),
        (np.flatnonzero(wrong), amount[wrong], later[wrong], ids[wrong]),
        (np.flatnonzero(void), amount[void], recorded[void], ids[void]),
        (np.flatnonzero(void), np.full(int(void.sum()), np.nan), later[void], ids[void]),
    ]
    row = np.concatenate([part[0] for part in parts])
    order = np.argsort(row, kind="stable")
    row = row[order]
    record = np.concatenate([part[3] for part in parts])[order]
    tables.add(
        "income",
        {
            "household_id": pa.DictionaryArray.from_arrays(
                pa.array(household[row].astype(np.int32)), pa.array(chunk.names(np.arange(chunk.n)))
            ),
            "period_start": (month_end(chunk.months - 1) + 1)[month[row]],
            "months": np.ones(len(row), np.int32),
            "source": pa.DictionaryArray.from_arrays(pa.array(source[row].astype(np.int8)), pa.array(_SOURCES)),
            "amount": np.concatenate([part[1] for part in parts])[order],
            "recorded_on": np.concatenate([part[2] for part in parts])[order],
            "record_id": pa.array(record, mask=record == ""),
        },
    )
