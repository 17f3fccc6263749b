"""The ceiling any model could reach: true probabilities that a simulated county carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskml.records.calendar import date_of
from riskml.splits import Settings

__all__ = ["oracle"]

ENOUGH = 0.99
"""Share of the test rows that the truth must cover."""


def oracle(
    folder: Path | None, household_id: NDArray[np.str_], as_of: NDArray[np.int32], settings: Settings
) -> NDArray[np.float64] | None:
    """True probability of each test row, if the folder holds it.

    Parameters
    ----------
    folder : Path or None
        Records folder, perhaps with ``truth.parquet``.
    household_id, as_of : array, shape (n,)
    settings : Settings
        The truth is that of the default outcome: 12 months of income, 12 months ahead, at any month's end.

    Returns
    -------
    array of float64, shape (n,), or None
        None where the truth is another outcome's or covers fewer than 99 % of the rows; a row it leaves out has the
        mean of the others.
    """
    path = None if folder is None else folder / "truth.parquet"
    if path is None or not path.is_file() or (settings.window, settings.horizon, settings.outcome) != (12, 12, "any"):
        return None
    truth = pd.read_parquet(path, columns=["household_id", "as_of", "probability"])
    truth["as_of"] = pd.to_datetime(truth["as_of"])
    days = {int(day): pd.Timestamp(date_of(int(day))) for day in np.unique(as_of)}
    rows = pd.DataFrame({"household_id": household_id, "as_of": [days[int(day)] for day in as_of]})
    rows["as_of"] = rows["as_of"].astype(truth["as_of"].dtype)
    found = rows.merge(truth, on=["household_id", "as_of"], how="left")["probability"].to_numpy(np.float64)
    known = ~np.isnan(found)
    if len(found) == 0 or known.mean() < ENOUGH:
        return None
    return np.where(known, found, found[known].mean())
