"""Check a records folder: collect every fault in every table, and refuse a folder with faults.

>>> import tempfile
>>> report = check(tempfile.mkdtemp())
>>> report.ok, [fault.table for fault in report.faults]
(False, ['households', 'income', 'lines'])
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from riskml.errors import RecordsError, shorten_list
from riskml.records.checking.aside import set_aside
from riskml.records.checking.engine import build_fault, find_hits
from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import CheckReport, Rule
from riskml.records.contract.schema import TABLES
from riskml.records.reading import file_rules as rules
from riskml.records.reading.folder import Folder, open_folder

__all__ = ["check", "check_folder", "list_rules", "open_checked", "refuse_faults"]

NEVER_EMPTY = ("households", "income")
"""Tables that must have rows; any other table may be empty if there was nothing to record."""


def list_rules() -> list[Rule]:
    """List every rule: first those about files, then those about rows."""
    return [*rules.FILE_RULES, *CHECKS]


def check(path: str | os.PathLike[str], assess: Callable[[Folder], str] | None = None) -> CheckReport:
    """Check a records folder.

    Parameters
    ----------
    path : path
    assess : callable, optional
        Called with the open folder if it has no faults; returns a text that says from when training is possible.

    Returns
    -------
    CheckReport
        Report with every fault and warning; a missing folder counts as a fault.
    """
    if not Path(path).is_dir():
        message = f"There is no folder at {path}."
        return CheckReport(str(path), (rules.MISSING_FOLDER.to_fault("", "", message),))
    with open_folder(path) as folder:
        report = check_folder(folder)
        return replace(report, training=assess(folder)) if assess and report.ok else report


def check_folder(folder: Folder) -> CheckReport:
    """Check an opened records folder.

    Raises
    ------
    RecordsError
        If DuckDB fails although every file can be read, for example when the disk is full.
    """
    while True:
        try:
            return _check_tables(folder)
        except duckdb.Error as error:
            # A file whose end is intact may be damaged elsewhere: leave its table out, and check the others.
            if not folder.drop_damaged():
                reason = str(error).splitlines()[0]
                hint = "Check the free memory and disk space."
                raise RecordsError(f"Checking {folder.path} failed: {reason}", hint) from error


def _check_tables(folder: Folder) -> CheckReport:
    faults = list(folder.faults)
    rows = {name: folder.count_rows(name) for name in folder.tables}
    for name in folder.tables:
        table = TABLES[name]
        if rows[name]:
            faults += [build_fault(folder, table, hit) for hit in find_hits(folder, table)]
        elif name in NEVER_EMPTY:
            faults.append(rules.EMPTY_TABLE.to_fault(name, "", f"The table {name!r} has no rows."))
    order = {name: i for i, name in enumerate(["", *TABLES])}
    return CheckReport(str(folder.path), tuple(sorted(faults, key=lambda fault: order[fault.table])), rows)


def refuse_faults(report: CheckReport) -> None:
    """Refuse a records folder that has faults; warnings are accepted.

    Raises
    ------
    RecordsError
        If there are faults; the message lists them with their counts, and says what to do.
    """
    if report.ok:
        return
    named = [f"{fault.where} {fault.code} ({fault.count:,})" for fault in report.refused]
    hint = f"`riskml check {report.path}` lists every fault, its first rows and what to do."
    if _has_only_bad_rows(report):
        hint += " `--skip-bad-rows FILE` moves the faulty rows to FILE and continues without them."
    raise RecordsError(f"The records in {report.path} have {len(named)} fault(s): {shorten_list(named, most=8)}.", hint)


def _has_only_bad_rows(report: CheckReport) -> bool:
    """Return whether all faults concern individual rows, which can be set aside."""
    by_row = {rule.code for rule in list_rules() if rule.by_row}
    return all(fault.code in by_row for fault in report.refused)


def open_checked(path: str | os.PathLike[str], skip_bad_rows: str | os.PathLike[str] | None = None) -> Folder:
    """Open a records folder and refuse it if it has faults.

    Parameters
    ----------
    path : path
    skip_bad_rows : path, optional
        File in which bad rows are set aside; they are counted in ``Folder.skipped`` and left out of the folder.

    Returns
    -------
    Folder
        The opened folder; its ``Folder.report`` contains only warnings.

    Raises
    ------
    RecordsError
        If the folder does not exist, or if it has faults (with ``skip_bad_rows``: if it has faults that do not concern
        individual rows).
    """
    folder = open_folder(path)
    try:
        folder.report = check_folder(folder)
        if skip_bad_rows is not None and _has_only_bad_rows(folder.report):
            set_aside(folder, skip_bad_rows)
            folder.report = check_folder(folder) if folder.skipped else folder.report
        refuse_faults(folder.report)
    except BaseException:
        folder.close()
        raise
    return folder
