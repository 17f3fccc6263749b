"""The model in service: loads it, verifies it, warms it up, and replaces it in one step."""

from riskml_serving.judging.model.holder import Holder, Model, load_model
from riskml_serving.judging.model.keeper import Keeper

__all__ = ["Holder", "Keeper", "Model", "load_model"]
