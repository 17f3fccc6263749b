"""Read small CSV files that accompany records and lists: registers, names of regions, days of receipt, answers."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from riskml.errors import UsageError, explain_os_error
from riskml.records.reading.cell_sql import strip_blanks
from riskml.records.reading.csv_files import CsvError, find_separator, read_cells
from riskml.records.reading.rules import RULES


def decode(content: bytes) -> str:
    r"""Decode UTF-8, with or without BOM, or GB18030.

    Raises
    ------
    UnicodeDecodeError
        If the content is neither.

    Examples
    --------
    >>> decode("县".encode("gbk")), decode(b"\xef\xbb\xbfcode")
    ('县', 'code')
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def read_text(path: Path, content: bytes | None = None) -> str:
    """Read a file in UTF-8 or GB18030; if its ``content`` is given, the path only names it.

    Raises
    ------
    UsageError
        If the file cannot be read, or is in neither encoding.
    """
    try:
        return decode(path.read_bytes() if content is None else content)
    except OSError as error:
        raise UsageError("{path} cannot be read: {reason}.", path=path, reason=explain_os_error(error)) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "{path} is not a CSV file in UTF-8 or GB18030.", "Open it in Excel and save it as CSV UTF-8.", path=path
        ) from error


def read_rows(text: str, path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    r"""Yield the rows of a CSV file that have any value, each with its number in a spreadsheet.

    Parameters
    ----------
    text : str
        Content of the file.
    path : Path
        Named in errors.
    required : sequence of str
        Columns that the file must have.

    Raises
    ------
    UsageError
        If the text is not CSV, a column is missing, the columns are not separated by commas, or a quote that opens
        in a row is not closed there.

    Examples
    --------
    >>> list(read_rows("code, name\n,\n990101, A\n", Path("names.csv"), ("code", "name")))
    [(3, {'code': '990101', 'name': 'A'})]
    """
    names: list[str] = []
    try:
        for number, cells in read_cells(io.StringIO(text, newline="")):
            own = [cell.strip() for cell in cells]
            if not any(own):
                continue
            if names:
                yield number, dict(zip(names, own + [""] * (len(names) - len(own)), strict=False))
            else:
                names = _read_header(own, path, required)
    except CsvError as error:
        raise UsageError(RULES[error.code].finding, RULES[error.code].what_to_do, file=path, **error.values) from error
    if not names:
        _read_header([], path, required)


def _read_header(cells: list[str], path: Path, required: Sequence[str]) -> list[str]:
    names = [strip_blanks(cell) for cell in cells]
    if separator := find_separator(names, required):
        raise CsvError("wrong_separator", separator=separator)
    if missing := [name for name in required if name not in names]:
        raise UsageError(
            "{path} lacks the column {column}.",
            "It needs the columns {columns}.",
            path=path,
            column=missing[0],
            columns=", ".join(required),
        )
    return names
