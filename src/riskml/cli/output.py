"""Write results: files (atomically), JSON and counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from riskml.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["join_counts", "print_json", "write_file", "write_parquet", "write_table"]


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary file next to ``path``, then rename that file, so that no partial file is left.

    Raises
    ------
    UsageError
        If the folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            write(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.", "Choose another --out.") from None


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a table without its index."""
    write_file(path, lambda partial: frame.to_parquet(partial, index=False))


def write_table(path: Path, frame: pd.DataFrame, notes: Sequence[str]) -> None:
    """Write a table in the format that the file extension indicates: .parquet, .csv (UTF-8 with BOM) or .xlsx.

    A workbook starts with the notes.

    Raises
    ------
    UsageError
        If the file name has another extension, or the package that writes workbooks is missing.
    """
    match path.suffix:
        case ".parquet":
            write_parquet(path, frame)
        case ".csv":
            write_file(path, lambda partial: frame.to_csv(partial, index=False, encoding="utf-8-sig"))
        case ".xlsx":
            write_file(path, lambda partial: _write_workbook(partial, frame, notes))
        case _:
            raise UsageError(f"{path} has an unknown ending.", "End --out with .parquet, .csv or .xlsx.")


def _write_workbook(path: Path, frame: pd.DataFrame, notes: Sequence[str]) -> None:
    from riskml.workbook import write_workbook

    rows = frame.astype(object).itertuples(index=False, name=None)
    with path.open("wb") as file:
        write_workbook(file, [("scores", list(frame.columns), rows)], notes)


def print_json(value: Mapping[str, Any]) -> None:
    """Print a result as indented JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def join_counts(counts: Mapping[Any, int]) -> str:
    """Join counts into one line.

    >>> join_counts({"households": 1200, "lines": 3})
    '1,200 households, 3 lines'
    """
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
