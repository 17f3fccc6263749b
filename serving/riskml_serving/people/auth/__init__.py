"""Authentication and authorization: API keys, bearer tokens, rights and the region scope."""

from riskml_serving.people.auth.caller import IDENTITY, NOBODY, OPERATOR, RIGHTS, Caller
from riskml_serving.people.auth.scope import covers, is_in_region, is_row_in_region

__all__ = ["IDENTITY", "NOBODY", "OPERATOR", "RIGHTS", "Caller", "covers", "is_in_region", "is_row_in_region"]
