"""Responses whose body is an Excel workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable
from urllib.parse import quote

from starlette.responses import Response

from riskml.workbook import Sheet, write_workbook

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_SEPARATORS = str.maketrans(dict.fromkeys('\\/:*?"<>|\r\n\t', "_"))
"""Characters that a file name cannot contain on Windows."""


def respond_with_workbook(sheets: Iterable[Sheet], notices: Iterable[str], *name: object) -> Response:
    """Return a workbook as a response; see :func:`riskml.workbook.write_workbook`.

    Parameters
    ----------
    sheets : iterable of Sheet
    notices : iterable of str
    *name
        What the name of the file consists of: what the workbook shows, of which region, on which day.
    """
    out = io.BytesIO()
    write_workbook(out, sheets, notices)
    file = quote("-".join(str(part) for part in name if part).translate(_SEPARATORS), safe="")
    headers = {"Content-Disposition": f"attachment; filename=riskml.xlsx; filename*=UTF-8''{file}.xlsx"}
    return Response(out.getvalue(), media_type=TYPE, headers=headers)
