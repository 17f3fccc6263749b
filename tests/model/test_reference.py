"""``reference.json`` holds aggregates of the training rows, never a figure about an individual household."""

import numpy as np

from riskml.features.matrix import FeatureColumn, FeatureMatrix
from riskml.model.reference import build_reference


def make_rows(values, codes):
    n = len(values)
    columns = (FeatureColumn("income"), FeatureColumn("town", categorical=True))
    return FeatureMatrix(
        np.arange(n).astype(str), np.zeros(n, np.int32), columns, np.column_stack([values, codes]), {"town": ("a", "b")}
    )


def test_deciles_shares_and_missing_values_are_recorded():
    values = np.linspace(0, 100, 101)
    values[100] = np.nan
    codes = np.zeros(101)
    codes[:30] = 1.0
    reference = build_reference(make_rows(values, codes), np.full(101, 0.1234567))
    assert reference["n"] == 101
    assert reference["features"]["income"]["deciles"] == [9.9, 19.8, 29.7, 39.6, 49.5, 59.4, 69.3, 79.2, 89.1]
    assert reference["features"]["income"]["missing"] == 1 / 101
    assert reference["features"]["town"]["shares"] == {"a": 71 / 101, "b": 30 / 101}
    assert reference["probability"] == [0.123] * 9


def test_small_samples_and_rare_levels_are_not_shown():
    codes = np.zeros(30)
    codes[:3] = 1.0
    values = np.full(30, np.nan)
    values[:19] = 1.0
    reference = build_reference(make_rows(values, codes), np.full(30, 0.1))
    assert reference["features"]["income"]["deciles"] == []
    assert reference["features"]["town"]["shares"] == {"a": 27 / 30}
