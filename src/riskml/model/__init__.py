"""The model: a linear part and a tree part whose log odds are added, with calibration, baselines and the bundle."""

from riskml.model.baselines import Baselines, fit_ranking
from riskml.model.blend import Blend, fit_blend, refit_blend
from riskml.model.bundle import Bundle
from riskml.model.linear import Linear, fit_logistic

__all__ = ["Baselines", "Blend", "Bundle", "Linear", "fit_blend", "fit_logistic", "fit_ranking", "refit_blend"]
