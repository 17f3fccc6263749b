"""Training: fit a calibrated model to past records, and compare it with the rule line on later ones."""

from riskml.training.compare import compare_on, compare_stored, require_same_outcome
from riskml.training.release import run_release_checks
from riskml.training.train import train

__all__ = ["compare_on", "compare_stored", "require_same_outcome", "run_release_checks", "train"]
