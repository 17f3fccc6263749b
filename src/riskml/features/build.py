"""Build the feature matrix; the same code is used for training, batches and the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from riskml.arrays import Floats
from riskml.features import attributes
from riskml.features.catalogue import CATALOGUE, Feature
from riskml.features.matrix import FeatureColumn, FeatureMatrix
from riskml.features.views import cached_on_panel
from riskml.progress import Progress
from riskml.records.panel.basis import UP_TO_DATE, IncomeBasis
from riskml.records.panel.income import CHUNK
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

Extra = list[tuple[Feature, Floats, tuple[str, ...]]]


@cached_on_panel
def build(panel: Panel) -> FeatureMatrix:
    """Compute every feature of a panel, once: the result is kept on the panel for scores and explanations.

    Parameters
    ----------
    panel : Panel
        Panel of n households. A household that is not known on the panel's date has a row in which every value is
        missing.

    Returns
    -------
    FeatureMatrix, n rows
        Features; if the table that a feature needs is absent, its values are missing.
    """
    extra = list(attributes.derive_features(panel))
    values = np.empty((panel.n, len(CATALOGUE) + len(extra)))
    _fill(panel, extra, values)
    values.flags.writeable = False
    return _assemble(panel.household_id, np.full(panel.n, panel.as_of, np.int32), extra, values)


def _assemble(household_id: NDArray[np.str_], as_of: NDArray[np.int32], extra: Extra, values: Floats) -> FeatureMatrix:
    columns = (*_list_columns(), *(f.column for f, _, _ in extra))
    levels = {f.name: levels for f, _, levels in extra if f.categorical}
    return FeatureMatrix(household_id, as_of, columns, values, levels)


@cache
def _list_columns() -> tuple[FeatureColumn, ...]:
    return tuple(f.column for f in CATALOGUE.values())


def _fill(panel: Panel, extra: Extra, values: Floats) -> None:
    """Write the features of a panel into rows of a matrix, shape (n, F)."""
    by_feature = np.full((values.shape[1], panel.n), np.nan)
    with np.errstate(all="ignore"):
        for i, function in _list_functions(panel.present):
            by_feature[i] = function(panel)
        for i, (_, column, _) in enumerate(extra, len(CATALOGUE)):
            by_feature[i] = column
    if not panel.known.all():
        by_feature[:, ~panel.known] = np.nan
    values[:] = by_feature.T


@cache
def _list_functions(present: frozenset[str]) -> list[tuple[int, Callable[[Panel], Floats]]]:
    """List the position and the function of every feature whose tables are present."""
    return [(i, f.function) for i, f in enumerate(CATALOGUE.values()) if present.issuperset(f.requires)]


def build_all(
    records: Records,
    as_ofs: Sequence[int],
    basis: IncomeBasis = UP_TO_DATE,
    threads: int = 2,
    progress: Callable[[int], None] | None = None,
    chunk: int = CHUNK,
) -> FeatureMatrix:
    """Compute every feature of all households on several dates.

    Parameters
    ----------
    records : Records
    as_ofs : sequence of int
        Day numbers.
    basis : IncomeBasis, optional
    threads : int, default 2
    progress : callable, optional
        Called with the number of rows that have just been computed.

    Returns
    -------
    FeatureMatrix, H × len(as_ofs) rows
        All households on the first date, in the order of their codes, then all households on the next date, and so on.
        A household that is not yet known on a date has a row in which every value is missing.
    """
    households = len(records)
    start_of = {day: i * households for i, day in enumerate(as_ofs)}
    # The names of features and levels depend only on the records, so even an empty panel has them.
    extra = list(attributes.derive_features(records.panel(as_ofs[0], 0, 0)))
    values = np.empty((len(as_ofs) * households, len(CATALOGUE) + len(extra)))

    def fill_chunk(job: tuple[int, int]) -> None:
        day, start = job
        panel = records.panel(day, start, min(start + chunk, households), basis=basis)
        rows = slice(start_of[day] + start, start_of[day] + start + panel.n)
        _fill(panel, list(attributes.derive_features(panel)), values[rows])
        if progress:
            progress(panel.n)

    for day in as_ofs:
        records.fill_line_grids(day, basis)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill_chunk, [(day, start) for day in as_ofs for start in range(0, households, chunk)]))
    days = np.repeat(np.array(as_ofs, np.int32), households)
    return _assemble(np.tile(records.household_id, len(as_ofs)), days, extra, values)


def build_known(records: Records, progress: Progress, as_of: int, basis: IncomeBasis) -> FeatureMatrix:
    """Compute every feature of the households that are known on a date."""
    progress.stage("features", len(records))
    matrix = build_all(records, [as_of], basis, progress=progress.step)
    return matrix.take(records.panel(as_of).known)
