"""The scoring service: serves current records and scores over HTTP; riskml computes every feature, score and reason."""

from riskml.text import CATALOGUES

__all__: list[str] = []

CATALOGUES.append("riskml_serving")
