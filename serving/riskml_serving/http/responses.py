"""What all responses have in common, and how they are written as JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from riskml.explanation import NOTICE
from riskml.records.contract.as_of import AsOf
from riskml_serving.base.clock import stamp
from riskml_serving.base.contract import make_dict_type

ENVELOPE: dict[str, Any] = {
    "model_name": str,
    "model_version": str,
    "feature_schema_hash": str,
    "policy_version": str,
    "model_notice": Annotated[
        str | None, Field(description="Why the model is silent, or a note that the service is on trial.")
    ],
    "model_notice_en": str | None,
    "data_as_of": Annotated[str | None, Field(description="Day as of which records counted.")],
    "records_end": Annotated[
        str | None,
        Field(
            description="Last day that any record behind the response describes or was recorded on, if `data_as_of` is "
            "later: nothing is known about the days in between."
        ),
    ],
    "scored_at": Annotated[str | None, Field(description="UTC.")],
    "request_id": str,
}


def make_answer_type(name: str, fields: dict[str, Any]) -> Any:
    """Make the type for a response: the fields of :func:`make_envelope`, followed by its own fields."""
    return make_dict_type(name, {**ENVELOPE, **fields})


def make_envelope(
    names: Mapping[str, str | None], as_of: AsOf | None, scored_at: dt.datetime | None, request_id: str
) -> dict[str, str | None]:
    """Build the fields that every response has: its provenance, its date, and the ID of the request.

    If the records behind the response end before its date, ``records_end`` is their last day. ``data_as_of`` and
    ``scored_at`` are null in a response that shows no score.
    """
    return {
        **names,
        "data_as_of": None if as_of is None else as_of.day.isoformat(),
        "records_end": None if as_of is None or as_of.records_end is None else as_of.records_end.isoformat(),
        "scored_at": None if scored_at is None else stamp(scored_at),
        "request_id": request_id,
    }


def extract_provenance(head: Mapping[str, str | None]) -> dict[str, str]:
    """Return the fields that state the provenance of a file: those that have a value, except the request ID."""
    return {name: value for name, value in head.items() if value is not None and name != "request_id"}


def to_headers(head: Mapping[str, str | None]) -> dict[str, str]:
    """Write the fields that every response has, plus the notice, as headers for a response that is a file.

    The request ID and fields whose value is null or not ASCII are left out.

    >>> to_headers({"model_version": "v1", "scored_at": None, "request_id": "r"})["X-Model-Version"]
    'v1'
    """
    plain = {name: value for name, value in extract_provenance(head).items() if value.isascii()}
    return {f"X-{name.replace('_', '-').title()}": value for name, value in plain.items()} | {"X-Notice": NOTICE["en"]}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=dt.date.isoformat)


def encode_json(content: Any) -> bytes:
    """Encode Python values as JSON, days as text such as 2024-12-31; raise an error for NaN."""
    encoded = to_json(content, inf_nan_mode="constants")
    if b"NaN" in encoded or b"Infinity" in encoded:  # in a text, or as a number, which the encoder refuses
        return _ENCODER.encode(content).encode()
    return encoded


def respond(content: Any, status: int = 200) -> Response:
    """Return a response whose body is the content as JSON."""
    return Response(encode_json(content), status, media_type="application/json")
