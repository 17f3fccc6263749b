"""Authentication and authorization: API keys, bearer tokens, rights and the region scope."""

from riskml_serving.people.auth.caller import RIGHTS, Caller
from riskml_serving.people.auth.scope import LEVELS, covers, is_region, within, within_table

__all__ = ["LEVELS", "RIGHTS", "Caller", "covers", "is_region", "within", "within_table"]
