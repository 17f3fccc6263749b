"""Who asks, what they may, and where: API keys, rights and the region scope."""

from riskml_serving.auth.caller import RIGHTS, Caller, caller_with
from riskml_serving.auth.scope import covers, within

__all__ = ["RIGHTS", "Caller", "caller_with", "covers", "within"]
