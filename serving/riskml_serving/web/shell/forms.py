"""Reads a form, within limits and only if it was sent from one of our own pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import Connection
from starlette.requests import Request

from riskml_serving.base.limits import read_body
from riskml_serving.base.problems import Problem
from riskml_serving.http.clients import get_client_address
from riskml_serving.http.idempotent_writes.service import write_once
from riskml_serving.operations.state import get_state
from riskml_serving.people.accounts.sessions import Attempt, accepts_form_token
from riskml_serving.web.shell.visitor import PageRequest

MOST_BYTES, MOST_FIELDS = 64_000, 100

TYPED = (
    "q",
    "household_id",
    "amount",
    "measure",
    "given_by",
    "assignee",
    "handover",
    "resolution",
    "note",
    "objection",
)
"""How the names of the fields end into which people type; never a password."""


class Form:
    """The fields of a form.

    >>> form = Form({"note": [" a "], "cause": ["work", "labour"]})
    >>> form.get_text("note"), form.get_all("cause"), form.get_text("none")
    ('a', ['work', 'labour'], '')
    """

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def get_text(self, name: str, most: int | None = None) -> str:
        """Return a field's text, trimmed, without NUL bytes and with normalized line endings.

        If ``most`` is given, the text is cut off after that number of characters.
        """
        return _clean(self._fields.get(name, [""])[0])[:most]

    def get_all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self._fields.get(name, [])

    def list_typed(self) -> list[str]:
        """List what was typed into the form.

        >>> Form({"csrf": ["x"], "outcome": ["confirmed"], "bill_amount": ["900", ""], "note": ["屋漏"]}).list_typed()
        ['900', '屋漏']
        """
        texts = (_clean(text) for name, own in self._fields.items() if name.endswith(TYPED) for text in own)
        return list(filter(None, texts))

    def to_bytes(self) -> bytes:
        """Return the fields without the tokens as bytes, so that a form sent twice gives the same bytes."""
        fields = sorted((name, values) for name, values in self._fields.items() if name not in ("csrf", "once"))
        return repr(fields).encode()


def _clean(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").strip()


async def read_form(request: Request, token: str, max_fields: int = MOST_FIELDS) -> Form:
    """Read a form.

    Parameters
    ----------
    request : Request
    token : str
        The cookie from which the form's token must be derived.
    max_fields : int, default 100

    Raises
    ------
    Problem
        ``form-refused`` if the form does not carry the token or was sent from another site; ``body-too-large``;
        ``invalid-request`` if the body cannot be read as a form.
    """
    form = await parse_form(request, max_fields)
    require_own_form(form, token)
    return form


async def parse_form(request: Request, max_fields: int = MOST_FIELDS) -> Form:
    """Read a form, which may carry any token; raise the other problems of :func:`read_form`."""
    require_own_page(request, "application/x-www-form-urlencoded")
    body = await read_body(request, MOST_BYTES)
    try:
        text = body.decode("ascii")
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=max_fields, errors="strict")
    except ValueError:
        raise Problem("invalid-request") from None
    form = request.state.form = Form(fields)
    return form


def require_own_page(request: Request, content_type: str) -> None:
    """Refuse a form that was sent from another site, or in another way than ours are.

    Raises
    ------
    Problem
        ``form-refused``.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("form-refused")
    if not request.headers.get("content-type", "").startswith(content_type):
        raise Problem("form-refused")


def require_own_form(form: Form, token: str) -> None:
    """Refuse a form whose token was not derived from the cookie ``token``.

    Raises
    ------
    Problem
        ``form-refused``.
    """
    if not token or not accepts_form_token(token, (form.get_all("csrf") or [""])[0]):
        raise Problem("form-refused")


async def read_form_for(request: PageRequest, right: str) -> Form:
    """Read a form, provided that the sender's role has the required right.

    Raises
    ------
    Problem
        ``role-refused``; what :func:`read_form` raises.
    """
    form = await read_form(request, request.visitor.token)
    if not request.visitor.may(right):
        raise Problem("role-refused")
    return form


async def save_form_once(request: PageRequest, form: Form, save: Callable[[Connection], Any]) -> None:
    """Save a form in one transaction, and only once, however often it is sent.

    Raises
    ------
    Problem
        ``form-refused`` if the form has no number of its own, or was already sent with other content.
    """
    key = form.get_text("once", 64)
    if len(key) < 16:
        raise Problem("form-refused")

    def work(connection: Connection) -> tuple[int, None]:
        save(connection)
        return 303, None

    try:
        await write_once(get_state(request).engine, request, request.caller, key, form.to_bytes(), work)
    except Problem as problem:
        if problem.kind == "idempotency-conflict":
            raise Problem("form-refused", "sent-before") from None
        raise


async def attempt(request: Request, work: Callable[[Attempt], Any]) -> Any:
    """Do some work, within a writing transaction, for a client who signs in or changes a password."""
    state, number, address = get_state(request), request.state.request_id, get_client_address(request.scope)
    return await state.write(lambda c: work(Attempt(c, state.settings, number, address)))


def read_amount(text: str) -> float | str:
    """Read an amount as people write it; anything else stays text, which the check refuses.

    >>> read_amount("9,800元"), read_amount("-2500"), read_amount("many")
    (9800.0, -2500.0, 'many')
    """
    plain = unicodedata.normalize("NFKC", text).replace(",", "").removesuffix("元").strip()
    try:
        return float(plain) if "_" not in plain else text
    except ValueError:
        return text
