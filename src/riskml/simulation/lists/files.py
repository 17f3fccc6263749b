"""Write the pages of a list as an Excel workbook or a CSV file; the same pages always give the same bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from riskml.simulation.lists.sheets import Page


def write_file(path: Path, pages: list[Page], encoding: str = "utf-8-sig") -> None:
    """Write pages to a file: all of them to .xlsx, only the first one to .csv."""
    if path.suffix == ".csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([to_text(cell) for cell in row] for row in pages[0].cells)
        path.write_bytes(text.getvalue().encode(encoding))
        return
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for page in pages:
        sheet = book.create_sheet(page.name)
        for cells in page.cells:
            sheet.append(cells)
        for row, first, last, end in page.merged:
            sheet.merge_cells(start_row=row, start_column=first, end_row=last, end_column=end)
        for row in page.hidden_rows:
            sheet.row_dimensions[row].hidden = True
        for i, column in enumerate(page.columns, 1):
            sheet.column_dimensions[get_column_letter(i)].hidden = column.hidden
        sheet.sheet_state = "hidden" if page.hidden else "visible"
    book.properties.created = book.properties.modified = datetime(2020, 1, 1)
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":  # openpyxl writes the time of saving
                content = _drop_time(content)
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _drop_time(content: bytes) -> bytes:
    start = content.index(b"<dcterms:modified")
    end = content.index(b"</dcterms:modified>") + len(b"</dcterms:modified>")
    return content[:start] + content[end:]


def to_text(cell: Any) -> str:
    """Return a cell as text; a missing one is empty."""
    if cell is None or cell != cell:
        return ""
    return f"{cell:.10g}" if isinstance(cell, float) else str(cell)
