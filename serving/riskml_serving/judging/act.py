"""What somebody changes in one transaction: who it is, on which day, in which request, and with which model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskml_serving.base.clock import now
from riskml_serving.judging.model import Model
from riskml_serving.people import audit
from riskml_serving.people.auth import Caller


@dataclass(frozen=True)
class Act:
    """What somebody changes in one transaction.

    Parameters
    ----------
    connection : Connection
        Connection in a writing transaction.
    caller : Caller
    today : date
    request_id : str
    get_model : callable, optional
        Returns the model with which the changed households are scored; without it, nothing is scored.
    """

    connection: Connection
    caller: Caller
    today: dt.date
    request_id: str
    get_model: Callable[[], Model] | None = None

    @property
    def model(self) -> Model:
        """The model in service."""
        assert self.get_model is not None, "this change needs a model"
        return self.get_model()

    @property
    def origin(self) -> dict[str, Any]:
        """The columns of a new row that say who wrote it, when, and in which request."""
        return {"created_by": self.caller.key_id, "created_at": now(), "request_id": self.request_id}

    def record(self, action: str, household_id: str | Iterable[str] | None = None, **detail: Any) -> None:
        """Add an audit entry in the transaction; see :func:`riskml_serving.people.audit.record`."""
        audit.record(self.connection, self.caller, action, household_id, request_id=self.request_id, **detail)
