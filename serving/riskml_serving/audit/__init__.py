"""Who saw or changed which household."""

from riskml_serving.audit.group import Group
from riskml_serving.audit.service import record

__all__ = ["Group", "record"]
