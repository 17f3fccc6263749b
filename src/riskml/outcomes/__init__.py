"""The outcome: which households are at risk on a date, and which of them fall into poverty afterwards."""

from riskml.outcomes.cohort import AT_RISK, UNKNOWN, classify_cohort
from riskml.outcomes.labelling import label
from riskml.outcomes.labels import FALL_KINDS, REASONS, Labels, count_labels

__all__ = ["AT_RISK", "FALL_KINDS", "REASONS", "UNKNOWN", "Labels", "classify_cohort", "count_labels", "label"]
