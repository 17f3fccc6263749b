"""Read the true probabilities of a simulated county, which no model can improve on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.records.reading.files import find_truth
from riskml.splits import Settings

ENOUGH = 0.99
"""Minimum share of the test rows that the truth must cover."""


def read_truth(folder: Path | None, settings: Settings, column: str) -> pd.DataFrame | None:
    """Read one column of a simulated county's truth.

    Parameters
    ----------
    folder : Path or None
        Records folder.
    settings : Settings
        The truth is known only for the default outcome: income averaged over 12 months is below the line, before or
        after unavoidable spending, at any month end in the next 12 months, or the household enters monitoring.
    column : {"probability", "cause"}

    Returns
    -------
    DataFrame or None
        ``household_id``, ``as_of`` (day number) and the column; None if the folder holds no truth for this outcome.
    """
    path = find_truth(folder)
    if path is None or settings.fall != Settings().fall:
        return None
    truth = pd.read_parquet(path, columns=["household_id", "as_of", column])
    days = pd.to_datetime(truth["as_of"]).to_numpy("datetime64[D]").astype(np.int64)
    return truth.assign(as_of=days.astype(np.int32))


def join_truth(
    folder: Path | None, household_id: NDArray[np.str_], as_of: NDArray[np.int32], settings: Settings
) -> NDArray[np.float64] | None:
    """Look up the true probability of each row, shape (n,); NaN if the truth does not cover the row.

    The result is None if the folder holds no truth for this outcome.
    """
    truth = read_truth(folder, settings, "probability")
    if truth is None:
        return None
    rows = pd.DataFrame({"household_id": household_id, "as_of": as_of.astype(np.int32)})
    return rows.merge(truth, on=["household_id", "as_of"], how="left")["probability"].to_numpy(np.float64)


def look_up_truth(
    folder: Path | None, household_id: NDArray[np.str_], as_of: NDArray[np.int32], settings: Settings
) -> NDArray[np.float64] | None:
    """Look up the true probability of each test row.

    Parameters
    ----------
    folder : Path or None
    household_id, as_of : array, shape (n,)
    settings : Settings

    Returns
    -------
    array of float64, shape (n,), or None
        None if the folder holds no truth for this outcome, or if the truth covers less than 99 % of the rows. Rows that
        it does not cover get the mean probability of the others.
    """
    probability = join_truth(folder, household_id, as_of, settings)
    if probability is None:
        return None
    known = ~np.isnan(probability)
    if not len(probability) or known.mean() < ENOUGH:
        return None
    return np.where(known, probability, probability[known].mean())
