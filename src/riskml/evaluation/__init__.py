"""Evaluation: every model on the same labelled test rows, beside the rule line, with intervals and checks."""

from riskml.evaluation.evaluate import SHARES, evaluate
from riskml.evaluation.predictions import BY, Prediction, TestRows

__all__ = ["BY", "SHARES", "Prediction", "TestRows", "evaluate"]
