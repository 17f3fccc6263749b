"""Errors as problem details (RFC 9457): stable types, texts in Chinese and English, field paths, no personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import Response

from riskml.records.contract.declaration import IDENTIFIERS
from riskml.records.reading.rules import RULES
from riskml.text import read_data

MEDIA_TYPE = "application/problem+json"
NAME = re.compile(r"[a-z][a-z_]{0,39}")
_DATA = read_data("riskml_serving.base", "problems.yaml")
CHINESE_WORDING: dict[str, str] = _DATA["wording"]
"""Chinese texts for what is wrong with a field, keyed by a part of the error code; the first match is used."""
MOST_ERRORS = 50
"""Maximum number of field errors listed in one response."""


@dataclass(frozen=True)
class Kind:
    """A stable kind of problem: its HTTP status, its title in both languages, and its action in the audit log.

    ``details`` are texts in Chinese and English for certain cases, by name; every response has the ``headers``.
    """

    status: int
    zh: str
    en: str
    audited: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, tuple[str, str]] = field(default_factory=dict)


PROBLEMS = {name: Kind(**own) for name, own in _DATA["problems"].items()}
"""Every kind of problem, by the last part of its ``type``."""


@dataclass(frozen=True)
class FieldError:
    """An error in one field: its path, a stable code, and a description in both languages, without the value.

    If ``own_zh`` is empty, the Chinese description is the one for its code.
    """

    path: str
    code: str
    en: str
    own_zh: str = ""

    @property
    def zh(self) -> str:
        """Description of the error in Chinese."""
        return self.own_zh or next((zh for part, zh in CHINESE_WORDING.items() if part in self.code), "不符合数据约定")

    def to_json(self) -> dict[str, str]:
        """Return the error as the content of a JSON object."""
        return {"path": self.path, "code": self.code, "detail": self.zh, "detail_en": self.en}


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An error that is reported to the caller: what is wrong with the request or with the service.

    Parameters
    ----------
    kind : str
        A key of ``PROBLEMS``.
    detail : str, optional
        Name of one of the kind's details; without it, the detail is the title.
    errors : iterable of FieldError
    headers : dict of str to str, optional
        Further headers of the response.
    content : dict, optional
        Further members of the response.
    **values
        Values for the placeholders in the detail.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        content: dict[str, Any] | None = None,
        **values: object,
    ) -> None:
        super().__init__(kind)
        own = PROBLEMS[kind]
        self.kind = kind
        self.zh, self.en = (text.format(**values) for text in own.details[detail]) if detail else (own.zh, own.en)
        self.errors = tuple(errors)
        self.headers, self.content = {**own.headers, **(headers or {})}, content or {}

    @property
    def status(self) -> int:
        """HTTP status of the response."""
        return PROBLEMS[self.kind].status

    def to_json(self, request_id: str) -> dict[str, Any]:
        """Return the problem as the content of a JSON object."""
        kind = PROBLEMS[self.kind]
        out: dict[str, Any] = {
            "type": f"urn:riskml:problem:{self.kind}",
            "title": kind.zh,
            "title_en": kind.en,
            "status": kind.status,
            "detail": self.zh,
            "detail_en": self.en,
            "request_id": request_id,
            **self.content,
        }
        if self.errors:
            out["errors"] = [error.to_json() for error in self.errors[:MOST_ERRORS]]
            out["error_count"] = len(self.errors)
        return out

    def mark(self, request: Request) -> None:
        """Note the kind of problem on the request, so that a refusal is recorded before it is sent."""
        request.state.problem = self.kind

    def to_response(self, request: Request) -> Response:
        """Return the problem as the API's response to a request."""
        self.mark(request)
        content = json.dumps(self.to_json(getattr(request.state, "request_id", "")), ensure_ascii=False, default=str)
        return Response(content, self.status, media_type=MEDIA_TYPE, headers=self.headers)


def move_path(error: FieldError, table: str, start: int) -> FieldError:
    """Return an error in a slice of a table's rows with its path in the request.

    >>> move_path(FieldError("[2].amount", "missing", "Field required"), "tables.income", 40).path
    'tables.income[42].amount'
    """
    number, _, rest = error.path.removeprefix("[").partition("]")
    return replace(error, path=f"{table}[{start + int(number)}]{rest}")


def read_field_errors(errors: Sequence[ErrorDetails | Any]) -> list[FieldError]:
    """Convert the validator's errors to field errors, without the values that it refused.

    >>> read_field_errors([{"type": "missing", "loc": ("income", 3, "amount"), "msg": "Field required"}])
    [FieldError(path='income[3].amount', code='missing', en='Field required', own_zh='')]
    """
    return [
        FieldError(_write_path(error["loc"]), *UNUSABLE_CODE)
        if error["type"] in ("string_pattern_mismatch", "string_too_long") and _CODES.intersection(error["loc"])
        else FieldError(_write_path(error["loc"]), error["type"], error["msg"])
        for error in errors
    ]


_CODES = frozenset((*IDENTIFIERS, "followed_by"))
UNUSABLE_CODE = ("unusable_code", RULES["unusable_code"].title, RULES["unusable_code"].zh)
"""Code and description of a code with which no page could be opened, as `riskml check` words it."""

_KINDS = re.compile(r"(constrained-)?(str|float|int|bool)")
"""Names that the validator gives to the possible types of an attribute; they are not part of the path."""


def _write_path(loc: Iterable[int | str]) -> str:
    """Write a path; put "…" in place of any name that does not look like a field name: it might name a person."""
    path = ""
    parts = list(loc)
    if len(parts) > 1 and isinstance(parts[-1], str) and _KINDS.fullmatch(parts[-1]):
        parts.pop()
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part if NAME.fullmatch(part) else '…'}"
    return path.lstrip(".")
