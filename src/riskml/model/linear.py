"""The linear part of the model: ridge-penalised logistic regression, compiled to one contribution per feature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from riskml.errors import ModelError
from riskml.features.matrix import FeatureMatrix
from riskml.model.encoding import LEVEL, QUANTITY, Encoding
from riskml.model.ridge import solve
from riskml.model.schema import FloatArray, Schema
from riskml.records.panel.kernels import Array, compiled

TAIL = 0.001


@dataclass(frozen=True)
class Linear:
    """A fitted linear model: the margin is ``base`` plus one contribution per feature.

    Parameters
    ----------
    schema : Schema
    base : float
        Mean margin of the training rows.
    low, high, centre, slope, present, missing : arrays, shape (F,)
        A numeric value x contributes ``slope · (clip(x, low, high) − centre) + present``; a missing value contributes
        ``missing``.
    tables : dict of int to array
        Contribution of each level of a categorical feature; the last entry is for a missing or unknown level.

    Notes
    -----
    Contributions are centred on the training rows: they are the exact Shapley values of a linear model with independent
    features (Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x). Features are summed in order, so a row
    gets bit-identical results alone and among many others.
    """

    schema: Schema
    base: float
    low: FloatArray
    high: FloatArray
    centre: FloatArray
    slope: FloatArray
    present: FloatArray
    missing: FloatArray
    tables: dict[int, FloatArray]

    def explain(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Compute the contribution of each feature to the margin, shape (n, F).

        Parameters
        ----------
        X : FeatureMatrix or array, shape (n, F)
            An array must be in this model's schema.
        """
        values = self.schema.align(X) if isinstance(X, FeatureMatrix) else X
        if not values.flags.c_contiguous:
            values = np.ascontiguousarray(values)
        missing = np.isnan(values)
        filled = np.where(missing, self.centre, np.clip(values, self.low, self.high))
        out: FloatArray = np.where(missing, self.missing, self.slope * (filled - self.centre) + self.present)
        for j, table in self.tables.items():
            codes = np.where((values[:, j] >= 0) & (values[:, j] < len(table) - 1), values[:, j], len(table) - 1)
            out[:, j] = table[codes.astype(np.int64)]
        return out

    def predict_margin(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the log odds, shape (n,)."""
        values = self.schema.align(X) if isinstance(X, FeatureMatrix) else X
        if values.shape[1] != len(self.slope):
            raise ModelError(
                "The linear part takes {count} features, got {given}.", count=len(self.slope), given=values.shape[1]
            )
        out = np.empty(len(values))
        quantity = (self.low, self.high, self.centre, self.slope, self.present, self.missing)
        _add_contributions(np.ascontiguousarray(values), *quantity, *self._levels, self.base, out)
        return out

    def average(self, other: Linear, share: float) -> Linear:
        """Average with another model of the same encoding; ``share`` is the weight of the other one."""
        mixed = {name: (1 - share) * getattr(self, name) + share * getattr(other, name) for name in ("base", *MIXED)}
        tables = {j: (1 - share) * table + share * other.tables[j] for j, table in self.tables.items()}
        return replace(self, tables=tables, **mixed)

    @cached_property
    def _levels(self) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
        """Each feature's first position in the concatenated tables, its number of levels, and those tables."""
        start, count = np.zeros(len(self.slope), np.int64), np.full(len(self.slope), -1)
        for j, table in self.tables.items():
            start[j], count[j] = sum(len(self.tables[k]) for k in self.tables if k < j), len(table) - 1
        return start, count, np.concatenate([np.empty(0), *(self.tables[j] for j in sorted(self.tables))])

    def predict_probability(self, X: FeatureMatrix | FloatArray) -> FloatArray:
        """Predict the probability of the outcome, shape (n,)."""
        return np.asarray(expit(self.predict_margin(X)))

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, without the schema; floats are restored exactly when read back."""
        arrays = {name: getattr(self, name).tolist() for name in ARRAYS}
        return {"base": self.base, **arrays, "tables": {str(j): t.tolist() for j, t in sorted(self.tables.items())}}

    @classmethod
    def from_json(cls, schema: Schema, data: dict[str, Any]) -> Linear:
        """Rebuild the model from the result of :meth:`to_json`."""
        arrays = {name: np.array(data[name], np.float64) for name in ARRAYS}
        tables = {int(j): np.array(table, np.float64) for j, table in data["tables"].items()}
        return cls(schema=schema, base=float(data["base"]), tables=tables, **arrays)


@compiled
def _add_contributions(
    values: Array, low: Array, high: Array, centre: Array, slope: Array, present: Array, missing: Array, start: Array,
    levels: Array, table: Array, base: float, out: Array,
) -> None:  # fmt: skip
    """Add up the contributions of each row in the order of the features, with results bit-identical to ``explain``."""
    for i in range(len(out)):
        total = -0.0  # adding a number to -0.0 gives exactly that number
        for j in range(values.shape[1]):
            x = values[i, j]
            if levels[j] >= 0:
                code = int(x) if 0 <= x < levels[j] else levels[j]
                total += table[start[j] + code]
            elif np.isnan(x):
                total += missing[j]
            else:
                total += slope[j] * (min(max(x, low[j]), high[j]) - centre[j]) + present[j]
        out[i] = total + base


MIXED = ("slope", "present", "missing")
ARRAYS = ("low", "high", "centre", *MIXED)


class LinearProblem:
    """Training rows, encoded once so that models with several penalties can be fitted on them.

    Parameters
    ----------
    schema : Schema
    values : array, shape (n, F)
    y : array of 0 and 1, shape (n,)
    tail : float, default 0.001
        Share of the rows at each end whose values are winsorised, since incomes and costs have heavy tails.
    directed : bool, default True
        Whether to restrict the coefficient of each numeric feature to the sign that policy demands.
    offset : array, shape (n,), optional
        Known part of each row's margin, which the fitted model leaves out; zeros by default.
    """

    def __init__(
        self,
        schema: Schema,
        values: FloatArray,
        y: FloatArray,
        *,
        tail: float = TAIL,
        directed: bool = True,
        offset: FloatArray | None = None,
    ) -> None:
        self.encoding = Encoding.learn(schema, values, tail)
        self._design = self.encoding.build_design(values)
        self._y, self._offset = y, offset
        size = self._design.shape[1]
        self._lower, self._upper = np.full(size, -np.inf), np.full(size, np.inf)
        if directed:
            way = np.where(self.encoding.kind == QUANTITY, schema.directions[self.encoding.feature], 0)
            self._lower[:-1][way > 0] = 0.0
            self._upper[:-1][way < 0] = 0.0
        self._last: FloatArray | None = None

    def solve(self, strength: float) -> Linear:
        """Fit with penalty ``1 / strength`` on every coefficient but the intercept; ``strength`` is scikit-learn's C.

        Raises
        ------
        ModelError
            If the rows hold only one class.
        """
        self._last = self._fit(slice(None), strength, self._last)
        return _compile(self.encoding, self._last)

    def solve_alone(self, name: str, strength: float) -> Linear:
        """Fit on one feature; all other features contribute nothing.

        Parameters
        ----------
        name : str
            A numeric or categorical feature of the schema.
        strength : float
        """
        own = np.append(self.encoding.feature == self.encoding.schema.names.index(name), True)
        weights = np.zeros(len(own))
        weights[own] = self._fit(own, strength)
        return _compile(self.encoding, weights)

    def _fit(self, terms: slice | NDArray[np.bool_], strength: float, start: FloatArray | None = None) -> FloatArray:
        """Fit the coefficients of some terms, the last of which is the intercept."""
        design = self._design[:, terms]
        penalty = np.full(design.shape[1], 1.0 / strength)
        penalty[-1] = 0.0
        if start is None:
            start = np.zeros(len(penalty))
            rate = np.clip(self._y.mean(), 1e-9, 1 - 1e-9)
            start[-1] = np.log(rate / (1 - rate))
        lower, upper = self._lower[terms], self._upper[terms]
        if self._offset is None:
            return solve(design, self._y, penalty, lower=lower, upper=upper, start=start)
        design = np.column_stack([self._offset, design])  # a term whose coefficient is 1
        start, lower, upper = (np.append(1.0, values) for values in (start, lower, upper))
        return solve(design, self._y, np.append(0.0, penalty), lower=lower, upper=upper, start=start)[1:]


def _compile(encoding: Encoding, weights: FloatArray) -> Linear:
    """Combine the terms of each feature into one function of its value."""
    schema = encoding.schema
    count = len(schema.columns)
    centre, slope, present, missing = (np.zeros(count) for _ in range(4))
    tables = {j: np.zeros(len(schema.levels[schema.columns[j].name]) + 1) for j in schema.categorical}
    per_unit = weights[:-1] / encoding.scale
    for j, kind, level, mean, unit in zip(
        encoding.feature.tolist(), encoding.kind, encoding.level, encoding.centre, per_unit, strict=True
    ):
        if kind == QUANTITY:
            centre[j], slope[j] = mean, unit
            missing[j] += unit * (encoding.fill[j] - mean)
        elif kind == LEVEL:
            tables[j] -= unit * mean
            tables[j][level] += unit
        elif j in tables:
            tables[j] -= unit * mean
            tables[j][-1] += unit
        else:
            present[j] -= unit * mean
            missing[j] += unit * (1 - mean)
    return Linear(schema, float(weights[-1]), encoding.low, encoding.high, centre, slope, present, missing, tables)


def fit_logistic(X: FeatureMatrix, y: FloatArray, schema: Schema | None = None) -> Linear:
    """Fit the baseline ``logistic`` on all features.

    Missing values are replaced by the median and marked by an indicator, the terms are standardised, and the L2 penalty
    has C = 1.

    Parameters
    ----------
    X : FeatureMatrix
    y : array of 0 and 1, shape (n,)
    schema : Schema, optional
        Features to use; by default all of X, but of equal columns only one.

    Returns
    -------
    Linear

    Raises
    ------
    ModelError
        If the rows hold only one class.

    Notes
    -----
    No direction is imposed and nothing is winsorised, since the baseline is the textbook model.
    """
    schema = schema or Schema.from_matrix(X.drop_repeated())
    problem = LinearProblem(schema, schema.align(X), np.asarray(y, np.float64), tail=0.0, directed=False)
    return problem.solve(1.0)
