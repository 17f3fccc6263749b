"""Explanations: exact contributions of features to the margin, and reasons that can be verified during a visit."""

from riskml.explanation.contributions.explainer import Contributions, Explainer
from riskml.explanation.household.county import explain_all
from riskml.explanation.household.explanation import NOTICE, Explanation, Reason
from riskml.explanation.household.narrator import Narrator

__all__ = ["NOTICE", "Contributions", "Explainer", "Explanation", "Narrator", "Reason", "explain_all"]
