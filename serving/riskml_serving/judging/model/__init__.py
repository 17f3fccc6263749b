"""The model that serves: loaded, verified, warmed up, and swapped as one reference."""

from riskml_serving.judging.model.holder import Holder, Model, load_model
from riskml_serving.judging.model.keeper import Keeper

__all__ = ["Holder", "Keeper", "Model", "load_model"]
