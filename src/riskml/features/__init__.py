"""Features: one plain function of a panel each, with everything said about it standing beside it."""

from riskml.features import disaster, happenings, household, illness, income, sources, support  # noqa: F401 - they declare
from riskml.features.attributes import from_records
from riskml.features.build import build, build_all
from riskml.features.catalogue import CATALOGUE, Feature, feature
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix, schema_hash, stack

__all__ = [
    "CATALOGUE",
    "Direction",
    "Feature",
    "FeatureColumn",
    "FeatureMatrix",
    "build",
    "build_all",
    "feature",
    "from_records",
    "schema_hash",
    "stack",
]
