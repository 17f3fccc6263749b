"""Explanations: exact contributions of features to the margin, then reasons that can be checked on the doorstep."""

from riskml.explanation.contributions import Contributions, Explainer

__all__ = ["Contributions", "Explainer"]
