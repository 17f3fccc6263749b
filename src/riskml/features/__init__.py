"""Features: functions of a panel, each declared with its unit, window, direction, cause and wording."""

from riskml.features import disaster, events, household, illness, income, outlook, sources, support  # noqa: F401
from riskml.features.build import build, build_all
from riskml.features.catalogue import CATALOGUE, Feature
from riskml.features.matrix import Direction, FeatureColumn, FeatureMatrix, stack

__all__ = ["CATALOGUE", "Direction", "Feature", "FeatureColumn", "FeatureMatrix", "build", "build_all", "stack"]
