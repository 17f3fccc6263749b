"""The model that serves: loaded, verified, warmed up, and swapped as one reference."""

from riskml_serving.model.holder import Holder, Model, load_model

__all__ = ["Holder", "Model", "load_model"]
