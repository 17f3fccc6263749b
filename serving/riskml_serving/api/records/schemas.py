"""Body of ``POST /v1/records``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from riskml_serving.base.contract import make_dict_type, make_tables_type

__all__ = ["RECORDS_REQUEST"]

RECORDS_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(
    make_dict_type(
        "RecordsRequest",
        {
            "tables": Annotated[
                make_tables_type("NewRecords", ()),
                Field(description="Rows to append. An empty table says that the households of the request have none."),
            ]
        },
    )
)
"""Rows to append; ``recorded_on`` is the day of receipt unless it names a later day."""
