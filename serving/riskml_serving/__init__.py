"""The scoring service: serves current records and scores over HTTP; riskml computes every feature, score and reason."""

__all__: list[str] = []
