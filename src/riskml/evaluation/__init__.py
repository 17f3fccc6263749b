"""Evaluation: compare all models and the rule line on the same labelled test rows, and check the model."""

from riskml.evaluation.evaluate import SHARES, evaluate
from riskml.evaluation.predictions import Prediction, TestRows

__all__ = ["SHARES", "Prediction", "TestRows", "evaluate"]
