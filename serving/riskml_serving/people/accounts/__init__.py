"""People who sign in: accounts, their roles and their sessions."""

from riskml_serving.people.accounts.roles import ROLES, Role
from riskml_serving.people.accounts.sessions import Visitor

__all__ = ["ROLES", "Role", "Visitor"]
