"""Reads uploaded files, within limits and only if they were sent from one of our own pages."""

from __future__ import annotations

import re
from pathlib import PurePath

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from riskml_serving.base.problems import Problem
from riskml_serving.desk.service import Upload
from riskml_serving.web.shell.forms import Form, require_own_form, require_own_page

MOST_FILES, MOST_FIELDS = 200, 20
_HIDDEN = ("~$", ".", "_")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that no file name holds on Windows; PostgreSQL takes no NUL."""


async def read_uploads(request: Request, token: str, max_bytes: int) -> tuple[list[Upload], Form]:
    """Read a form with files.

    Parameters
    ----------
    request : Request
    token : str
        The cookie from which the form's token must be derived.
    max_bytes : int

    Raises
    ------
    Problem
        As :func:`riskml_serving.web.shell.forms.read_form` does.
    """
    require_own_page(request, "multipart/form-data")
    size = request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > max_bytes:
        raise Problem("body-too-large", "upload", most=max_bytes // 1_000_000)
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as content:
            fields: dict[str, list[str]] = {}
            uploads = []
            for name, value in content.multi_items():
                if isinstance(value, UploadFile):
                    plain = PurePath(_CONTROL.sub("", value.filename or "").replace("\\", "/")).name
                    if plain and not plain.startswith(_HIDDEN):
                        uploads.append(Upload(plain, await value.read()))
                else:
                    fields.setdefault(name, []).append(value)
    except MultiPartException:
        raise Problem("invalid-request") from None
    form = Form(fields)
    require_own_form(form, token)
    return uploads, form
