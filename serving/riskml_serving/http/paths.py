"""Household codes in addresses: a code may contain a slash, or any other character that is escaped in an address."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator
from starlette.types import Scope

__all__ = ["HouseholdCode", "clean_address", "restore_slashes"]

_SLASH = "\x1f"
"""Stands for an escaped slash until the route is found; a code contains no control characters."""


_CONTROL = re.compile(rb"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
"""An escaped control character; no code, name or note contains one, and PostgreSQL takes no NUL."""


def clean_address(scope: Scope) -> None:
    r"""Remove control characters from a request's query; keep escaped slashes in its path apart from the others.

    In the path, a sign that no code contains stands for a control character, so that nothing is found under it.

    >>> scope = {"path": "/v1/households/a/1", "raw_path": b"/v1/households/a%2F1%00", "query_string": b"q=%00a"}
    >>> clean_address(scope)
    >>> scope["path"], scope["query_string"]
    ('/v1/households/a\x1f1\ufffd', b'q=a')
    """
    raw, query = scope.get("raw_path") or b"", scope.get("query_string", b"")
    if b"%" in query:
        scope["query_string"] = _CONTROL.sub(b"", query)
    if b"%" in raw:
        path = _CONTROL.sub(b"%EF%BF%BD", raw).decode("ascii")
        scope["path"] = unquote(re.sub("(?i)%2f", "%1F", path))


def restore_slashes(code: str) -> str:
    """Return a household's code from the path of a request as it was sent."""
    return code.replace(_SLASH, "/")


HouseholdCode = Annotated[str, AfterValidator(restore_slashes)]
"""Type for the code of a household in the path of a request."""
