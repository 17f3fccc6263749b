"""The household that the benchmark scores: 36 months of income from four sources, as a request and as features."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.benchmarks.timing import time_median
from riskml.features import build
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml_serving.devtools.benchmark.counties import AS_OF, MONTHS
from riskml_serving.judging.model import Model
from riskml_serving.store.records.columns import EMPTY, to_columns

CODE, SOURCES = "benchmark-1", {"wage": 1400.0, "business": 350.0, "property": 40.0, "transfer": 260.0}


def _build_tables() -> dict[str, list[dict[str, Any]]]:
    first = AS_OF.year - MONTHS // 12 + 1
    income = [
        {
            "household_id": CODE,
            "period_start": f"{first + month // 12}-{month % 12 + 1:02d}-01",
            "source": source,
            "amount": amount * (1 + 0.15 * np.sin(month)),
        }
        for month in range(MONTHS)
        for source, amount in SOURCES.items()
    ]
    return {"households": [{"household_id": CODE, "region_code": "370112001001", "size": 4}], "income": income}


def build_body(*, reasons: bool) -> bytes:
    """Build the body of ``POST /v1/scores``."""
    return json.dumps({"as_of": AS_OF.isoformat(), "reasons": reasons, "tables": _build_tables()}).encode()


def build_features(model: Model) -> tuple[list[str], NDArray[np.float64]]:
    """Build the household's features as the trees expect them: names, and values of shape (1, F)."""
    values = model.bundle.blend.align(build(_pack(model).panel(to_day(AS_OF), basis=model.bundle.settings.basis)))
    return [column.name for column in model.bundle.columns], values


def time_features(model: Model, repeats: int = 200) -> float:
    """Return the milliseconds from the packed records to the features, the median of several runs."""
    records, basis = _pack(model), model.bundle.settings.basis
    return time_median(lambda _: build(records.panel(to_day(AS_OF), basis=basis)), range(repeats))


def _pack(model: Model) -> Records:
    tables = {name: to_columns(rows) for name, rows in _build_tables().items()} | {"lines": EMPTY["lines"]}
    return Records.from_tables(tables, model.policy.lines)
