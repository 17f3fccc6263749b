"""Explanations: exact contributions of features to the margin, then reasons that can be checked on the doorstep."""

from riskml.explanation.contributions import Contributions, Explainer
from riskml.explanation.county import explain_all, explain_panel
from riskml.explanation.explanation import NOTICE, Explanation, Reason
from riskml.explanation.narrator import Narrator

__all__ = [
    "NOTICE",
    "Contributions",
    "Explainer",
    "Explanation",
    "Narrator",
    "Reason",
    "explain_all",
    "explain_panel",
]
