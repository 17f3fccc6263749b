"""Write result files in one step, so that a broken run never leaves half a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from riskml.errors import UsageError

__all__ = ["write_file"]


def write_file(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it in place.

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
