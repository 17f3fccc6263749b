"""Who saw or changed which household."""

from riskml_serving.people.audit.group import Group
from riskml_serving.people.audit.service import record

__all__ = ["Group", "record"]
