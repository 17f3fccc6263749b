"""The audit log: who saw or changed which household."""

from riskml_serving.people.audit.batch_writer import BatchWriter
from riskml_serving.people.audit.service import record

__all__ = ["BatchWriter", "record"]
