"""Addresses of requests, without control characters."""

from __future__ import annotations

import re
from urllib.parse import unquote

from starlette.types import Scope

_CONTROL = re.compile(rb"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
"""An escaped control character; no code, name or note contains one, and PostgreSQL takes no NUL."""


def clean_address(scope: Scope) -> None:
    r"""Remove control characters from a request's address.

    In the path, a sign that no code contains stands for a control character, so that nothing is found under it.

    >>> scope = {"path": "/v1/households/a", "raw_path": b"/v1/households/a%00", "query_string": b"q=%00a"}
    >>> clean_address(scope)
    >>> scope["path"], scope["query_string"]
    ('/v1/households/a\ufffd', b'q=a')
    """
    raw, query = scope.get("raw_path") or b"", scope.get("query_string", b"")
    if b"%" in query:
        scope["query_string"] = _CONTROL.sub(b"", query)
    if b"%" in raw:
        scope["path"] = unquote(_CONTROL.sub(b"%EF%BF%BD", raw).decode("ascii"))
