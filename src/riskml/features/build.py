"""Build the feature matrix: the one code that training, batch and service run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from riskml.features import attributes
from riskml.features.catalogue import CATALOGUE
from riskml.features.matrix import FeatureColumn, FeatureMatrix, stack
from riskml.records.panel import Panel
from riskml.records.store import CHUNK, Records

__all__ = ["build", "build_all"]


def build(panel: Panel) -> FeatureMatrix:
    """Compute every feature of a panel.

    Parameters
    ----------
    panel : Panel
        n households at a date; a household not yet known then has a row too.

    Returns
    -------
    FeatureMatrix, n rows
        A feature whose table is absent is missing.
    """
    extra = list(attributes.from_records(panel))
    columns = [FeatureColumn(f.name, f.direction, f.categorical) for f in CATALOGUE.values()]
    columns += [FeatureColumn(f.name, f.direction, f.categorical) for f, _, _ in extra]
    values = np.empty((len(columns), panel.n))
    with np.errstate(all="ignore"):
        for row, declared in zip(values, CATALOGUE.values(), strict=False):
            row[:] = declared.function(panel) if all(map(panel.has, declared.requires)) else np.nan
        for row, (_, found, _) in zip(values[len(CATALOGUE) :], extra, strict=True):
            row[:] = found
    return FeatureMatrix(
        household_id=panel.household_id,
        as_of=np.full(panel.n, panel.as_of, np.int32),
        columns=tuple(columns),
        values=np.ascontiguousarray(values.T),
        levels={f.name: levels for f, _, levels in extra if f.categorical},
    )


def build_all(
    records: Records,
    as_ofs: Sequence[int],
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> FeatureMatrix:
    """Compute every feature of all households at several dates.

    Parameters
    ----------
    records : Records
    as_ofs : sequence of int
        Days.
    threads : int, default 2
    progress : callable, optional
        Called with the number of rows done.

    Returns
    -------
    FeatureMatrix, H × len(as_ofs) rows
        One date after the other, households in the order of their codes; one unknown at a date has a row of its own.
    """
    jobs = [(day, start) for day in as_ofs for start in range(0, len(records), chunk)]

    def one(job: tuple[int, int]) -> FeatureMatrix:
        day, start = job
        part = build(records.panel(day, start, min(start + chunk, len(records))))
        if progress:
            progress(len(part))
        return part

    for day in as_ofs:
        records.panel(day, 0, 0).line  # noqa: B018 - fills the shared grid of lines before threads ask for it
    with ThreadPoolExecutor(threads) as pool:
        return stack(list(pool.map(one, jobs)))
