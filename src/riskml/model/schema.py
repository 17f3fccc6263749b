"""The feature schema of a model, with which any matrix can be aligned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix, hash_schema

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Schema:
    """Columns and category levels of a model's input.

    Parameters
    ----------
    columns : tuple of FeatureColumn, length F
    levels : dict of str to tuple of str
        Levels of each categorical column; a value in the matrix is the position of its level.
    """

    columns: tuple[FeatureColumn, ...]
    levels: dict[str, tuple[str, ...]]

    @classmethod
    def from_matrix(cls, X: FeatureMatrix) -> Schema:
        """Return the schema of a matrix."""
        return cls(X.columns, dict(X.levels))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.columns)

    @property
    def directions(self) -> NDArray[np.int8]:
        """Sign that policy requires for the effect of each feature, shape (F,).

        Categories have no order, so their direction is ignored.
        """
        return np.array([0 if c.categorical else int(c.direction) for c in self.columns], np.int8)

    @property
    def categorical(self) -> list[int]:
        """Positions of the categorical columns."""
        return [j for j, column in enumerate(self.columns) if column.categorical]

    @property
    def hash(self) -> str:
        """SHA-256 hash of the columns, as recorded in the manifest."""
        return hash_schema(self.columns)

    def align(self, X: FeatureMatrix) -> FloatArray:
        """Align the values of a matrix with the columns and category codes of this schema.

        Returns
        -------
        array of float64, shape (n, F)
            A value is NaN if the matrix lacks the feature, or if its level is not in this schema.

        Raises
        ------
        ModelError
            If a feature is a category in the matrix and numeric in this schema, or vice versa.
        """
        if X.columns == self.columns and X.levels == self.levels:
            return X.values
        return X.recode(self.columns, self.levels).values

    def to_json(self) -> dict[str, Any]:
        """Return the schema as JSON values."""
        return {
            "columns": [[c.name, int(c.direction), c.categorical] for c in self.columns],
            "levels": {name: list(levels) for name, levels in sorted(self.levels.items())},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Schema:
        """Rebuild a schema from the result of :meth:`to_json`.

        >>> schema = Schema((FeatureColumn("region_code_6", categorical=True),), {"region_code_6": ("130529",)})
        >>> Schema.from_json(schema.to_json()) == schema
        True
        """
        columns = tuple(FeatureColumn(name, Direction(way), bool(cat)) for name, way, cat in data["columns"])
        return cls(columns, {name: tuple(levels) for name, levels in data["levels"].items()})
