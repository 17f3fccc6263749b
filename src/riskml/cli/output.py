"""Write results: files (atomically), JSON and counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from riskml.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["join_counts", "print_json", "write_file", "write_parquet"]


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


def print_json(value: Mapping[str, Any]) -> None:
    """Print a result as indented JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def join_counts(counts: Mapping[Any, int]) -> str:
    """Join counts into one line.

    >>> join_counts({"households": 1200, "lines": 3})
    '1,200 households, 3 lines'
    """
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
