"""Who asks, what they may, and where: API keys, rights and the region scope."""

from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.regions import asked_region
from riskml_serving.people.auth.scope import LEVELS, covers, listed_within, within

__all__ = ["LEVELS", "RIGHTS", "Caller", "asked_region", "covers", "listed_within", "within"]
