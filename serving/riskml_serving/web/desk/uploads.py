"""Reads uploaded files, within limits and only if they were sent from one of our own pages."""

from __future__ import annotations

from pathlib import PurePath

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from riskml_serving.base.problems import Problem
from riskml_serving.desk.service import Upload
from riskml_serving.people.accounts.sessions import accepts_form_token
from riskml_serving.web.shell.forms import Form

__all__ = ["read_uploads"]

MOST_FILES, MOST_FIELDS = 200, 20
_HIDDEN = ("~$", ".", "_")


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
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem("form-refused")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem("form-refused")
    size = request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > max_bytes:
        raise Problem(
            "body-too-large",
            f"一次最多上传 {max_bytes // 1_000_000} MB，请分几次上传（设置 max_upload_bytes）",
            f"At most {max_bytes // 1_000_000} MB can be uploaded at once (setting max_upload_bytes)",
            headers={"Connection": "close"},
        )
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as content:
            fields: dict[str, list[str]] = {}
            uploads = []
            for name, value in content.multi_items():
                if isinstance(value, UploadFile):
                    plain = PurePath((value.filename or "").replace("\\", "/")).name
                    if plain and not plain.startswith(_HIDDEN):
                        uploads.append(Upload(plain, await value.read()))
                else:
                    fields.setdefault(name, []).append(value)
    except MultiPartException:
        raise Problem("invalid-request") from None
    if not token or not accepts_form_token(token, fields.get("csrf", [""])[0]):
        raise Problem("form-refused")
    return uploads, Form(fields)
