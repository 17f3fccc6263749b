"""Households whose records are written out in the tests, a linear model whose effects are listed here, and a function
that fits a small model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from riskml.explanation import Narrator
from riskml.features import CATALOGUE, Direction, FeatureColumn, build
from riskml.model import Baselines, Blend, Bundle
from riskml.model.blend import Weights
from riskml.model.calibration import Calibration
from riskml.model.linear import Linear, LinearProblem
from riskml.model.reference import build_reference
from riskml.model.schema import Schema
from riskml.model.trees import TreeProblem, TreeSettings
from riskml.outcomes import label
from riskml.policy import load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records
from riskml.splits import Settings, build_grid

AS_OF = "2023-12-31"
TABLES = {
    "households": ("household_id", "region_code", "size", "kind", "exited_on"),
    "members": ("household_id", "member_id", "birth_year", "labour", "health", "schooling", "working", "recorded_on"),
    "income": ("household_id", "period_start", "months", "source", "amount", "statement", "recorded_on"),
    "lines": ("region_code", "effective_from", "amount"),
    "illness": ("household_id", "occurred_on", "kind", "visits", "cost", "self_paid"),
    "disaster": ("household_id", "region_code", "occurred_on", "kind", "loss"),
    "events": ("household_id", "occurred_on", "kind", "amount", "channel"),
    "help": ("household_id", "started_on", "measure", "amount", "emergency"),
    "monitoring": ("household_id", "category", "entered_on", "cleared_on", "causes"),
}
EFFECTS = {
    "log_income_to_line_12m": (0.6, -2.0),
    "months_below_line_12m": (0.05, 1.5),
    "income_volatility_12m": (0.4, 0.3),
    "wage_change_on_year_12m": (0.0, -0.8),
    "business_change_on_year_12m": (0.0, -0.8),
    "transfer_to_line_12m": (0.1, -0.4),
    "self_paid_to_line_12m": (0.1, 0.8),
    "self_paid_to_income_12m": (0.1, 0.2),
    "regular_self_paid_to_line_12m": (0.05, 0.6),
    "admissions_12m": (0.2, 0.1),
    "members_seriously_ill": (0.05, 0.3),
    "members_disabled": (0.05, 0.3),
    "disabilities_24m": (0.02, 0.6),
    "disaster_loss_to_line_12m": (0.02, 0.9),
    "production_shocks_24m": (0.05, 0.4),
    "dropouts_12m": (0.01, 0.8),
    "school_fees_to_line_12m": (0.05, 0.5),
    "students": (0.2, 0.15),
    "job_losses_12m": (0.05, 0.7),
    "workers_share": (0.4, -0.6),
    "labour_share": (0.6, -0.8),
    "accidents_12m": (0.02, 0.7),
    "unsafe_housing_12m": (0.01, 0.6),
    "deaths_12m": (0.02, 0.4),
    "help_in_place": (0.2, -0.2),
    "leads_3m": (0.1, 0.2),
    "household_size": (4.0, 0.02),
}
"""Centre and slope of each feature that has an effect in the hand-made linear model; no other feature has any."""


class Village:
    """Tables to which rows are added one by one; by default, all rows are about one household in Hebei."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("households", "income", "lines")}

    def add(self, table: str, **values: Any) -> Village:
        if table != "lines":
            values.setdefault("household_id", "H1")
        self.rows.setdefault(table, []).append(values)
        return self

    def household(self, size: int = 4, **values: Any) -> Village:
        return self.add("households", **{"size": size, "kind": "ordinary", "region_code": "130529101203", **values})

    def member(self, number: int, birth_year: int, **values: Any) -> Village:
        usual = {"labour": "full", "health": "healthy", "schooling": "none", "working": "none"}
        return self.add("members", member_id=f"M{number}", birth_year=birth_year, **{**usual, **values})

    def earns(self, first: str, last: str, **sources: float) -> Village:
        """Add the same income for each month from ``first`` to ``last``; amounts are in yuan, by source."""
        for month in np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1):
            for source, amount in sources.items():
                self.add("income", period_start=f"{month}-01", months=1, source=source, amount=amount)
        return self

    def has(self, *tables: str) -> Village:
        """Make tables present, even if they stay empty."""
        for table in tables:
            self.rows.setdefault(table, [])
        return self

    def records(self) -> Records:
        tables = {
            name: {column: [row.get(column) for row in rows] for column in TABLES[name]}
            for name, rows in self.rows.items()
        }
        return Records.from_tables(tables, load_policy().lines)

    def states(self, year: int, **sources: float) -> Village:
        """Add a statement of each source's income from October of the year before to September."""
        for source, amount in sources.items():
            row = {"period_start": f"{year - 1}-10-01", "months": 12, "source": source, "amount": amount}
            self.add("income", **row, statement=True)
        return self

    def panel(self, as_of: str = AS_OF, income_age: int = 0) -> Panel:
        return self.records().panel(to_day(as_of), basis=Settings(income_age=income_age).basis)


@cache
def make_bundle_by_hand(
    names: tuple[str, ...], categorical: tuple[str, ...], effects: tuple[tuple[str, float], ...] = ()
) -> Bundle:
    """Make a bundle with constant trees and a margin of -2.5 plus ``EFFECTS``, some of them replaced by ``effects``."""
    columns = tuple(
        FeatureColumn(name, CATALOGUE[name].direction if name in CATALOGUE else Direction.FREE, name in categorical)
        for name in names
    )
    schema = Schema(columns, dict.fromkeys(categorical, ()))
    size = len(columns)
    centre, slope = np.zeros(size), np.zeros(size)
    for j, name in enumerate(names):
        centre[j], slope[j] = EFFECTS.get(name, (0.0, 0.0))
        slope[j] = dict(effects).get(name, slope[j])
    wide = np.full(size, 1e100)
    nothing = np.zeros(size)
    tables = {j: np.zeros(1) for j, column in enumerate(columns) if column.categorical}
    linear = Linear(schema, -2.5, -wide, wide, centre, slope, nothing, nothing, tables)
    rows = np.random.default_rng(0).normal(size=(40, size))
    rows[:, [column.categorical for column in columns]] = 0
    constant = TreeProblem(schema, rows, np.arange(40) % 2.0).solve(TreeSettings(rounds=1, min_rows=1000), seed=0)
    medians = {"labour_share": 0.6, "workers_share": 0.4, "admissions_12m": 0.0, "log_income_to_line_12m": 0.7}
    return Bundle(
        blend=Blend(schema, linear, constant, Weights(0.0, 1.0, 0.0), Calibration(0.1, 0.9)),
        baselines=Baselines(linear, {}),
        evaluation={},
        thresholds={},
        reference={"features": {name: {"deciles": [value] * 9} for name, value in medians.items()}},
        manifest={"settings": {"window": 12, "horizon": 12, "outcome": "any", "step": 3}, "model_version": "hand-made"},
        files={},
    )


@pytest.fixture
def village() -> Village:
    return Village()


@pytest.fixture(scope="session")
def make_narrator() -> Callable[..., Narrator]:
    """Return a function that makes a narrator for the hand-made model, limited to the features that a panel has."""

    def make(panel: Panel, **effects: float) -> Narrator:
        built = build(panel)
        categorical = tuple(column.name for column in built.columns if column.categorical)
        return Narrator(make_bundle_by_hand(built.names, categorical, tuple(effects.items())), load_policy())

    return make


@pytest.fixture(scope="session")
def fit_narrator() -> Callable[[Records, Settings], Narrator]:
    """Return a function that fits a small model as of the first date in the records' grid with known falls."""

    def fit(records: Records, settings: Settings) -> Narrator:
        for day in build_grid(records, settings).as_ofs:
            labels = label(records, (day,), settings, load_policy(), None)
            labels = labels.take(labels.labelled)
            if labels.y.any():
                break
        X = build(records.panel(day, basis=settings.basis)).take(labels.household)
        y = labels.y.astype(float)
        schema = Schema.from_matrix(X)
        blend = Blend(
            schema,
            LinearProblem(schema, X.values, y).solve(0.05),
            TreeProblem(schema, X.values, y).solve(TreeSettings(rounds=60, depth=4, leaves=12, min_rows=15), seed=0),
            Weights(0.0, 0.5, 0.5),
            Calibration(0.05, 0.95),
        )
        written = {name: getattr(settings, name) for name in ("window", "horizon", "outcome", "step", "income_age")}
        reference = build_reference(X, blend.predict_probability(X))
        manifest = {"settings": written, "model_version": "small"}
        return Narrator(Bundle(blend, Baselines(blend.linear, {}), {}, {}, reference, manifest, {}), load_policy())

    return fit
