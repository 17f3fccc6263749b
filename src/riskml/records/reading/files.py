"""Find the files of each table of a records folder."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from riskml.errors import shorten_list
from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import TABLES
from riskml.records.reading.file_rules import BOTH_FORMS, MISSING_TABLE, NO_PARTS, UNKNOWN_FILE

__all__ = ["Source", "find_sources", "find_truth"]

TRUTH = "truth.parquet"
"""The file with the true risks, which only a simulated county has."""


def find_truth(folder: Path | None) -> Path | None:
    """Return the file with the true risks, or None if the records are not from a simulated county."""
    path = None if folder is None else folder / TRUTH
    return path if path is not None and path.is_file() else None


@dataclass(frozen=True)
class Source:
    """The files of one table.

    Parameters
    ----------
    table : str
    form : str
        ``parquet``, ``csv`` or ``parts``.
    files : tuple of Path
        Paths of the files, sorted by name.
    """

    table: str
    form: str
    files: tuple[Path, ...]


def find_sources(folder: Path) -> tuple[dict[str, Source], list[Fault]]:
    """Find the files of every table.

    Files whose names start with a dot belong to the operating system and are skipped. In a folder of parts, so are
    those whose names start with ``_`` (such as ``_SUCCESS``).

    Parameters
    ----------
    folder : Path
        Path of an existing folder.

    Returns
    -------
    dict of str to Source
        Sources by table, in the order of the contract; a table present in two formats is left out.
    list of Fault
        Faults for missing tables, tables present in two formats, unknown files, and folders without parts.
    """
    faults: list[Fault] = []
    forms: dict[str, list[Source]] = {}
    unknown: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (path.name == TRUTH and path.is_file()):
            continue
        if path.is_dir() and path.name in TABLES:
            source = _find_parts(path, faults)
        elif path.is_file() and path.stem in TABLES and path.suffix in {".parquet", ".csv"}:
            source = Source(path.stem, path.suffix[1:], (path,))
        else:
            unknown.append(path)
            continue
        forms.setdefault(source.table, []).append(source)
    if unknown:
        faults.append(_report_unknown("", unknown))
    return _choose_form(forms, faults), faults


def _find_parts(folder: Path, faults: list[Fault]) -> Source:
    paths = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "_"))]
    parts = [path for path in paths if path.is_file() and path.suffix == ".parquet"]
    if others := [path for path in paths if path not in parts]:
        faults.append(_report_unknown(folder.name, others))
    if not parts:
        faults.append(NO_PARTS.to_fault(folder.name, "", f"The folder {folder.name}/ holds no *.parquet file."))
    return Source(folder.name, "parts", tuple(parts))


def _report_unknown(table: str, paths: list[Path]) -> Fault:
    names = [f"{path.name}/" if path.is_dir() else path.name for path in paths]
    message = f"{len(names)} unknown file(s) or folder(s): {shorten_list(names)}."
    if not table:
        for path in paths:
            if close := get_close_matches(path.stem.lower(), list(TABLES), n=1):
                message += f" Did you mean {close[0]}{path.suffix.lower() or '/'} for {path.name}?"
                break
    return UNKNOWN_FILE.to_fault(table, "", message, count=len(names))


def _choose_form(forms: dict[str, list[Source]], faults: list[Fault]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for name, table in TABLES.items():
        same = forms.get(name, [])
        if not same and table.required:
            faults.append(MISSING_TABLE.to_fault(name, "", f"The table {name!r} is missing; it is required."))
        if len(same) > 1:
            names = [f"{name}/" if source.form == "parts" else f"{name}.{source.form}" for source in same]
            message = f"The table is present as {shorten_list(names)}."
            faults.append(BOTH_FORMS.to_fault(name, "", message, count=len(names)))
        elif same and same[0].files:
            sources[name] = same[0]
    return sources
