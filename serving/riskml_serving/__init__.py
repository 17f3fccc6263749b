"""The scoring service: current records and scores behind HTTP; every feature, score and reason is riskml's."""

__all__: list[str] = []
