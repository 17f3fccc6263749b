"""Authentication and authorization: API keys, bearer tokens, rights and the region scope."""

from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.scope import covers, within, within_table

__all__ = ["RIGHTS", "Caller", "covers", "within", "within_table"]
