"""Compare the speed of explanations with that of LightGBM's own contributions, for the same rows in the same run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from riskml.arrays import Floats, Positions
from riskml.benchmarks.targets import Bounds, check_targets
from riskml.benchmarks.timing import time_call, time_median
from riskml.explanation import Narrator
from riskml.explanation.contributions.verification import predict_contributions
from riskml.explanation.household.county import tabulate_reasons
from riskml.features import FeatureMatrix, build
from riskml.model import Baselines, Blend, Bundle
from riskml.model.blend import Weights
from riskml.model.calibration import Calibration
from riskml.model.choice import TREES
from riskml.model.linear import LinearProblem
from riskml.model.reference import build_reference
from riskml.model.schema import Schema
from riskml.model.trees import TreeProblem
from riskml.outcomes import AT_RISK, classify_cohort, label
from riskml.policy import load_policy
from riskml.progress import SILENT, Progress
from riskml.records.contract.calendar import to_month_end
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.simulation import simulate
from riskml.splits import Settings, build_grid

MONTHS, SEED = 48, 1
TRAINING = 20_000
"""Number of households on which the model is fitted."""

ROUNDS = 400
"""Number of trees in the model, each of the largest size that training can choose (depth 5, 31 leaves)."""

BATCH, SAMPLE, SINGLES, TURNS = 100_000, 1000, 300, 3

BOUNDS: Bounds = {
    "ms_per_row": ("at most", 0.05),
    "ratio": ("at least", 20.0),
    "single_ms": ("at most", 1.0),
    "county_s": ("at most", 15.0),
}
"""The bounds that the figures must meet."""


def run(households: int = 100_000, progress: Progress = SILENT) -> dict[str, Any]:
    """Measure how fast the households in a simulated county are explained, with a model fitted on some of them.

    Parameters
    ----------
    households : int, default 100,000
        Number of households in the county.
    progress : Progress, optional

    Returns
    -------
    dict
        - ``ms_per_row``: time per row for the contributions of the linear part and the trees, measured on one thread
          for a batch of 100,000 rows (the county's rows, repeated if there are fewer).
        - ``pred_contrib_ms_per_row``: time per row that LightGBM takes for the contributions of the trees alone,
          measured on one thread for 1,000 rows.
        - ``ratio``: the latter divided by the former.
        - ``single_ms``: median time for one row.
        - ``explanation_ms``: median time to explain one household, from records in memory to sentences.
        - ``county_s``: time for the contributions, causes and sentences for all households on two threads, without
          features and scores.
        - ``load_s``: time to read, tabulate and check the trees.
        - ``tables_mb``: size of the tables.
        - ``targets``: each figure, its bound, and whether the bound is met.

    Notes
    -----
    The batch and LightGBM are timed in turns. The shortest time for each counts, because other processes can only add
    time.
    """
    with TemporaryDirectory(prefix="riskml-benchmark-") as temporary:
        progress.stage("Simulating a county", households)
        simulate(Path(temporary), households, MONTHS, SEED, truth="none", progress=progress.step)
        progress.stage("Reading the records")
        records = Records.load(Path(temporary), load_policy().lines)
    progress.stage("Fitting a model")
    bundle = _fit_bundle(records)
    progress.stage("Measuring")
    narrator, load = time_call(lambda: Narrator(bundle, load_policy()))
    county = _build_county(narrator, records)
    rows = np.concatenate([bundle.blend.align(part.matrix) for part in county])
    batch, reference = _time_batch(narrator, rows)
    explained, words = time_call(lambda: _explain_county(narrator, county))
    figures = {
        "ms_per_row": batch,
        "ratio": reference / batch,
        "single_ms": _time_singles(lambda i: narrator.explainer.explain(rows[i % len(rows), None])),
        "county_s": words,
    }
    return {
        **figures,
        "pred_contrib_ms_per_row": reference,
        "explanation_ms": _time_singles(lambda i: narrator.explain(county[0].panel, int(county[0].rows[i]))),
        "load_s": load,
        "tables_mb": narrator.explainer.nbytes / 1e6,
        "households": households,
        "explained": explained,
        "features": rows.shape[1],
        "trees": bundle.blend.trees.rounds,
        "targets": check_targets(figures, BOUNDS),
    }


@dataclass(frozen=True)
class _Part:
    """A panel with the features and scores of its households at risk."""

    panel: Panel
    rows: Positions
    matrix: FeatureMatrix
    margin: Floats


def _fit_bundle(records: Records) -> Bundle:
    settings = Settings()
    day = build_grid(records, settings).as_ofs[-1]
    labels = label(records, (day,), settings, load_policy())
    labels = labels.take(labels.labelled & (labels.household < TRAINING))
    X = build(records.panel(day, 0, min(TRAINING, len(records)))).take(labels.household)
    y = labels.y.astype(np.float64)
    schema = Schema.from_matrix(X)
    linear = LinearProblem(schema, X.values, y).solve(0.02)
    trees = TreeProblem(schema, X.values, y).solve(replace(TREES[0], rounds=ROUNDS), SEED)
    blend = Blend(schema, linear, trees, Weights(0.0, 0.5, 0.5), Calibration())
    manifest = {"settings": {"window": 12, "horizon": 12, "outcome": "any", "step": 3}, "model_version": "benchmark"}
    reference = build_reference(X, blend.predict_probability(X))
    return Bundle(blend, Baselines(linear, {}), {}, {}, reference, manifest, {})


def _build_county(narrator: Narrator, records: Records) -> list[_Part]:
    day, basis = to_month_end(build_grid(records, narrator.settings).last_month), narrator.settings.basis
    records.fill_line_grids(day, basis)

    def build_part(panel: Panel) -> _Part:
        rows = np.flatnonzero(classify_cohort(panel, narrator.settings, narrator.policy) == AT_RISK)
        matrix = build(panel).take(rows)
        return _Part(panel, rows, matrix, narrator.bundle.predict_margin(matrix))

    with ThreadPoolExecutor(2) as pool:
        return [part for part in pool.map(build_part, records.panels(day, basis)) if len(part.rows)]


def _time_batch(narrator: Narrator, rows: Floats) -> tuple[float, float]:
    """Time the batch and LightGBM's own contributions, in milliseconds per row."""
    batch = rows[np.arange(BATCH) % len(rows)]
    sample = batch[:: BATCH // SAMPLE]
    booster = narrator.bundle.blend.trees.booster
    ours, theirs = [], []
    for _ in range(TURNS):
        theirs.append(time_call(lambda: predict_contributions(booster, sample))[1] / len(sample))
        ours.append(time_call(lambda: narrator.explainer.explain(batch))[1] / len(batch))
    return 1e3 * min(ours), 1e3 * min(theirs)


def _explain_county(narrator: Narrator, county: list[_Part]) -> int:
    """Explain every household as ``explain_all`` does: compute the arrays on two threads, then write the sentences."""
    with ThreadPoolExecutor(2) as pool:
        explained = list(
            pool.map(lambda part: narrator.explain_rows(part.panel, part.matrix, part.rows, part.margin), county)
        )
    return sum(
        len(tabulate_reasons(rows, part.panel.household_id[part.rows], health=True))
        for rows, part in zip(explained, county, strict=True)
    )


def _time_singles(work: Callable[[int], object]) -> float:
    """Time individual calls after a warm-up call; return the median in milliseconds."""
    work(0)
    return time_median(work, range(SINGLES))
