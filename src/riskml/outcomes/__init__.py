"""What returning to poverty means: who is at risk at a date, and who fell afterwards."""

from riskml.outcomes.cohort import AT_RISK, UNKNOWN, cohort_status
from riskml.outcomes.labelling import label
from riskml.outcomes.labels import BY, REASONS, Labels, counts

__all__ = [
    "AT_RISK",
    "BY",
    "REASONS",
    "UNKNOWN",
    "Labels",
    "cohort_status",
    "counts",
    "label",
]
