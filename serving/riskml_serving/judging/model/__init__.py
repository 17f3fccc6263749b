"""Loads, verifies and warms up the model in service, and replaces it in one step."""

from riskml_serving.judging.model.holder import RULE_LINE_ONLY, Holder, Model, load_model
from riskml_serving.judging.model.keeper import Keeper

__all__ = ["RULE_LINE_ONLY", "Holder", "Keeper", "Model", "load_model"]
