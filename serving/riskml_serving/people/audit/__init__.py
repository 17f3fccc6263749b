"""Who saw or changed which household."""

from riskml_serving.people.audit.group import BatchWriter
from riskml_serving.people.audit.service import record

__all__ = ["BatchWriter", "record"]
