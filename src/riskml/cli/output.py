"""Write results: files (atomically), JSON and counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from riskml.errors import UsageError, explaining
from riskml.text import Joined, Text
from riskml.vocabulary.terms import Term

if TYPE_CHECKING:
    import pandas as pd

    from riskml.workbook import Sheet

TABLE_ENDINGS = (".parquet", ".csv", ".xlsx")


def require_place(path: Path, *endings: str) -> None:
    """Refuse a file that cannot be written, before anything is computed for it.

    Raises
    ------
    UsageError
        If the file has none of these endings, is a folder, or lies in something that is none.
    """
    hint = Text("Choose another --out.")
    if endings and path.suffix.lower() not in endings:
        raise UsageError("{path} has an unknown ending.", "End --out with .parquet, .csv or .xlsx.", path=path)
    if not path.name or path.is_dir():
        raise UsageError("{path} is a folder; a file is needed.", hint, path=path)
    if not next(folder for folder in path.absolute().parents if folder.exists()).is_dir():
        raise UsageError("{path} cannot be written: {reason}.", hint, path=path, reason=Text("Not a directory"))


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file next to ``path``, then rename that file, so that no partial file is left.

    Raises
    ------
    UsageError
        If the folder cannot be written to.
    """
    require_place(path)
    with explaining("{path} cannot be written: {reason}.", "Choose another --out.", path=path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            write(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def write_table(
    path: Path, frame: pd.DataFrame, make_sheet: Callable[[], Sheet] | None = None, notes: Sequence[str] = ()
) -> None:
    """Write a table in the format that the file extension indicates: .parquet, .csv (UTF-8 with BOM) or .xlsx.

    A workbook starts with the notes, followed by the sheet that ``make_sheet`` lays out for its readers; by default it
    shows the table as it is.

    Raises
    ------
    UsageError
        If the file name has another extension.
    """
    require_place(path, *TABLE_ENDINGS)

    def show_all() -> Sheet:
        return path.stem, list(map(str, frame)), frame.astype(object).itertuples(index=False, name=None)

    match path.suffix.lower():
        case ".parquet":
            write_file(path, lambda partial: _write_parquet(partial, frame))
        case ".csv":
            write_file(path, lambda partial: _write_csv(partial, frame))
        case ".xlsx":
            write_file(path, lambda partial: _write_workbook(partial, (make_sheet or show_all)(), notes))


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as Parquet; the same values give the same bytes, whatever pieces they were put together from."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).combine_chunks(), path)


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV that Excel reads as UTF-8 and in which no text is a formula."""
    from riskml.workbook import escape_text

    texts = frame.select_dtypes(exclude=["number", "bool", "datetime"])
    safe = {str(name): texts[name].map(lambda x: escape_text(x) if isinstance(x, str) else x) for name in texts}
    frame.assign(**safe).to_csv(path, index=False, encoding="utf-8-sig")


def _write_workbook(path: Path, sheet: Sheet, notes: Sequence[str]) -> None:
    from riskml.workbook import write_workbook

    with path.open("wb") as file:
        write_workbook(file, [sheet], notes)


def print_json(value: Mapping[str, Any]) -> None:
    """Print a result as indented JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def join_counts(counts: Mapping[Any, int], words: Mapping[str, Term] | None = None) -> Text:
    """Join counts into one line; in Chinese, codes are replaced by the words for them.

    >>> text = join_counts({"yes": 1200, "no": 3}, {"yes": Term("yes", "是", "yes")})
    >>> text, text.read("zh")
    ('1,200 yes, 3 no', '是 1,200、no 3')
    """
    names = {name: words[name].zh if words and name in words else name for name in counts}
    return Joined(
        Text("{count:,} {name}", count=count, name=name, name_zh=names[name]) for name, count in counts.items()
    )
