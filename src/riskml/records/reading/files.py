"""Find the files of each table of a records folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from riskml.records.contract.faults import Fault
from riskml.records.contract.schema import TABLES
from riskml.records.reading.partitions import LIST, list_partitions
from riskml.records.reading.rules import RULES
from riskml.text import Text, join_sentences, shorten_list

_MOST_ADVICE = 5
TRUTH = "truth.parquet"
"""The file with the true risks, which only a simulated county has."""


def find_truth(folder: Path | None) -> Path | None:
    """Return the file with the true risks, or None if the records are not from a simulated county."""
    path = None if folder is None else folder / TRUTH
    return path if path is not None and path.is_file() else None


_PASSED = re.compile(r"(~\$|[._]).*|(eh)?thumbs\.db|desktop\.ini", re.IGNORECASE)
"""Names of lock files, of files that operating systems and Spark leave behind, and of hidden files."""
_NOTES = (".txt", ".md")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".et", ".ods")
_ARCHIVES = (".gz", ".zip", ".rar", ".7z", ".bz2", ".xz", ".zst", ".tgz")
_FORMATS = (".parquet", ".csv")


@dataclass(frozen=True)
class Source:
    """The files of one table.

    Parameters
    ----------
    table : str
    form : str
        ``parquet``, ``csv`` or ``parts``.
    path : Path
        The file, or the folder of parts.
    files : tuple of Path
        Paths of the files, sorted.
    """

    table: str
    form: str
    path: Path
    files: tuple[Path, ...]


def find_sources(folder: Path) -> tuple[dict[str, Source], list[Fault]]:
    """Find the files of every table.

    Lock files, hidden files, names that begin with ``_`` and notes are ignored with a warning. The files of all
    partitions of a folder that ``riskml partition`` wrote are read together.

    Parameters
    ----------
    folder : Path
        Path of an existing folder.

    Returns
    -------
    dict of str to Source
        Sources by table, in the order of the contract; a table present in two formats is left out.
    list of Fault
        Faults for missing tables, tables present in two formats, unknown files, and folders without parts; a warning
        for files that were ignored.

    Raises
    ------
    RecordsError
        If a file of a partition is missing.
    """
    faults: list[Fault] = []
    forms: dict[str, list[Source]] = {}
    unknown: list[Path] = []
    passed: list[Path] = []
    partitions = list_partitions(folder)
    parts = {one.path for one in partitions}
    for path in sorted(folder.iterdir()):
        table = path.name.removesuffix(".parquet")
        if parts and (path in parts or path.name == LIST):
            continue
        if _is_passed_over(path):
            passed.append(path)
        elif path.is_dir() and table in TABLES:
            forms.setdefault(table, []).append(_find_parts(path, table, faults, passed))
        elif path.is_file() and path.stem in TABLES and path.suffix in _FORMATS:
            forms.setdefault(path.stem, []).append(Source(path.stem, path.suffix[1:], path, (path,)))
        elif not (path.name == TRUTH and path.is_file()):
            unknown.append(path)
    for name in TABLES if partitions else ():
        files = [file for one in partitions for file in one.list_files(name)]
        if files:  # the rows about regions are in a file of the whole folder
            files += [file for source in forms.get(name, ()) for file in source.files]
            forms[name] = [Source(name, "parts", folder, tuple(files))]
    if unknown:
        present = {table: sources[0] for table, sources in forms.items()}
        faults.append(_report_unknown("", unknown, present))
    if passed:
        names = shorten_list(path.relative_to(folder).as_posix() for path in passed)
        faults.append(RULES["passed_over_file"].to_fault("", "", count=len(passed), names=names))
    return _choose_form(forms, faults), faults


def _is_passed_over(path: Path) -> bool:
    # A table saved as text, such as income.csv.txt, is not a note.
    note = path.suffix.lower() in _NOTES and path.name.split(".")[0].lower() not in TABLES
    return bool(_PASSED.fullmatch(path.name)) or (note and path.is_file())


def _find_parts(folder: Path, table: str, faults: list[Fault], passed: list[Path]) -> Source:
    parts: list[Path] = []
    others: list[Path] = []
    for path in sorted(folder.rglob("*")):
        if any(parent in passed for parent in path.parents):
            continue
        if _is_passed_over(path):
            passed.append(path)
        elif path.is_file():
            (parts if path.suffix == ".parquet" else others).append(path)
    if others:
        faults.append(_report_unknown(table, others, {}))
    if not parts:
        faults.append(RULES["no_parts"].to_fault(table, "", name=folder.name))
    return Source(table, "parts", folder, tuple(parts))


def _report_unknown(table: str, paths: list[Path], present: dict[str, Source]) -> Fault:
    names = [f"{path.name}/" if path.is_dir() else path.name for path in paths]
    message = Text("{count} unknown file(s) or folder(s): {names}.", count=len(names), names=shorten_list(names))
    advice = [] if table else [text for path in paths if (text := _advise(path, present))]
    return RULES["unknown_file"].to_fault(table, "", join_sentences(message, *advice[:_MOST_ADVICE]), count=len(names))


def _advise(path: Path, present: dict[str, Source]) -> str:
    """Say what to do with a file that seems to hold a table; the text is empty if it seems to hold none."""
    names = {name: name for name in TABLES} | {table.zh: name for name, table in TABLES.items()}
    close = get_close_matches(path.name.split(".")[0].strip().lower(), list(names), n=1)
    table, suffix, name = names[close[0]] if close else "", path.suffix.lower(), path.name
    if source := present.get(table):
        known = f"{source.path.name}/" if source.form == "parts" else source.path.name
        if suffix in _FORMATS and path.is_file():
            text = (
                "{name} seems to be a second copy of {known}: keep one of them, and move the other out of the folder."
            )
        else:
            text = "The table is already read from {known}: move {name} out of the folder."
        return Text(text, name=name, known=known)
    if suffix in _WORKBOOKS:
        target = f"{table or '<table>'}.csv"
        text = "{name} is a workbook: open it in a spreadsheet program and save its sheet as CSV UTF-8 named {target}."
        return Text(text, name=name, target=target)
    if path.is_dir() and not table and any(one.stem in TABLES for one in path.iterdir()):
        return Text("{name} holds tables: name that folder in the command, or move its files here.", name=f"{name}/")
    if not table:
        return ""
    if suffix in _ARCHIVES:
        return Text("{name} is compressed: unpack it into {table}.csv or {table}.parquet.", name=name, table=table)
    if path.is_dir() and suffix == ".csv":
        text = "{name} is a folder: only Parquet may be in parts; write one file {table}.csv."
        return Text(text, name=name, table=table)
    if suffix in _FORMATS or path.is_dir() or path.name.lower().removesuffix(".txt").endswith(".csv"):
        known = f"{table}{'/' if path.is_dir() else suffix.replace('.txt', '.csv')}"
        return Text("Did you mean {known} for {name}?", known=known, name=name) if known != name else ""
    text = "{name} is not a CSV file: open it in a spreadsheet program and save it as CSV UTF-8 named {target}."
    return Text(text, name=name, target=f"{table}.csv")


def _choose_form(forms: dict[str, list[Source]], faults: list[Fault]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for name, table in TABLES.items():
        same = forms.get(name, [])
        if not same and table.required:
            faults.append(RULES["missing_table"].to_fault(name, ""))
        if len(same) > 1:
            names = [f"{source.path.name}/" if source.form == "parts" else source.path.name for source in same]
            faults.append(RULES["both_forms"].to_fault(name, "", count=len(names), names=shorten_list(names)))
        elif same and same[0].files:
            sources[name] = same[0]
    return sources
