"""Features: plain functions of a panel, each declared with its unit, window, direction, cause and sentences."""

from riskml.features import disaster, events, household, illness, income, sources, support  # noqa: F401
from riskml.features.attributes import derive_features
from riskml.features.build import build, build_all
from riskml.features.catalogue import CATALOGUE, Feature, feature
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix, hash_schema, stack

__all__ = [
    "CATALOGUE",
    "Direction",
    "Feature",
    "FeatureColumn",
    "FeatureMatrix",
    "build",
    "build_all",
    "derive_features",
    "feature",
    "hash_schema",
    "stack",
]
