"""Responses whose body is an Excel workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable

from starlette.responses import Response

from riskml.workbook import Sheet, write_workbook

__all__ = ["respond_with_workbook"]

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def respond_with_workbook(sheets: Iterable[Sheet], notices: Iterable[str], name: str) -> Response:
    """Return a workbook as a response; see :func:`riskml.workbook.write_workbook`.

    Parameters
    ----------
    sheets : iterable of Sheet
    notices : iterable of str
    name : str
        Name of the file, in ASCII.
    """
    out = io.BytesIO()
    write_workbook(out, sheets, notices)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type=TYPE, headers=headers)
