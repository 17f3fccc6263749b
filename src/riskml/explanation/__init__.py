"""Explanations: each feature's exact contribution to the margin, and reasons that a visit can verify."""

from riskml.explanation.contributions.explainer import Contributions, Explainer
from riskml.explanation.household.county import explain_all
from riskml.explanation.household.explanation import NOTICE, Explanation, Reason
from riskml.explanation.household.narrator import Narrator

__all__ = ["NOTICE", "Contributions", "Explainer", "Explanation", "Narrator", "Reason", "explain_all"]
