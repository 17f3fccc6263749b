"""Check a records folder: collect every fault in every table, and refuse a folder with faults.

>>> import tempfile
>>> report = check(tempfile.mkdtemp())
>>> report.ok, [fault.table for fault in report.faults]
(False, ['households', 'income', 'lines'])
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import duckdb

from riskml.errors import RecordsError
from riskml.mapping import Mapper
from riskml.records.checking.aside import set_aside
from riskml.records.checking.engine import build_fault, find_hits
from riskml.records.checking.registry import CHECKS
from riskml.records.contract.faults import CheckReport, Fault, Rule
from riskml.records.contract.schema import TABLES
from riskml.records.reading.folder import Folder, UsualLines, open_folder
from riskml.records.reading.rules import RULES
from riskml.text import Text, join_sentences, shorten_list

NEVER_EMPTY = ("households", "income")
"""Tables that must have rows; any other table may be empty if there was nothing to record."""


def check(
    path: str | os.PathLike[str],
    assess: Callable[[Folder], str] | None = None,
    usual_lines: UsualLines = (),
    workers: Mapper | None = None,
) -> CheckReport:
    """Check a records folder.

    Parameters
    ----------
    path : path
    assess : callable, optional
        Called with the open folder if it has no faults; returns a text that says from when training is possible.
    usual_lines : UsualLines
        Lines of a policy table with which those of the folder are compared; none by default.
    workers : Mapper, optional
        Workers that share the rules; by default, all are checked here.

    Returns
    -------
    CheckReport
        Report with every fault and warning; a missing folder counts as a fault.
    """
    if not Path(path).is_dir():
        fault = RULES["missing_folder"].to_fault("", "", path=path)
        return CheckReport(str(path), (fault,))
    with open_folder(path) as folder:
        folder.usual_lines = usual_lines
        report = check_folder(folder, workers)
        return replace(report, training=assess(folder)) if assess and report.ok else report


def check_folder(folder: Folder, workers: Mapper | None = None) -> CheckReport:
    """Check an opened records folder, from which no rows have been set aside if ``workers`` share the rules.

    Raises
    ------
    RecordsError
        If DuckDB fails although every file can be read, for example when the disk is full.
    """
    while True:
        try:
            return _check_tables(folder, workers)
        except duckdb.Error as error:
            # A file whose end is intact may be damaged elsewhere: leave its table out, and check the others.
            if not folder.drop_damaged():
                reason = str(error).splitlines()[0]
                hint = "Check the free memory and disk space."
                raise RecordsError("Checking {path} failed: {reason}", hint, path=folder.path, reason=reason) from error
            workers = None  # they would read the damaged table again


def _check_tables(folder: Folder, workers: Mapper | None) -> CheckReport:
    faults = list(folder.faults)
    rows = {name: folder.count_rows(name) for name in folder.tables}
    filled = [name for name in folder.tables if rows[name]]
    empty = [name for name in NEVER_EMPTY if rows.get(name) == 0]
    faults += [RULES["empty_table"].to_fault(name, "") for name in empty]
    if workers is None:
        shares = [_check_rules(folder, folder.usual_lines, _Job(name, tuple(CHECKS))) for name in filled]
    else:
        # Income has most of the rows. A rule may compare households with one another, so every worker sees all of them.
        slices = {name: len(workers) if name == "income" else 1 for name in filled}
        jobs = [_Job(name, tuple(CHECKS)[k::of]) for name, of in slices.items() for k in range(of)]
        shares = workers.map(partial(_check_rules, folder.path.resolve(), folder.usual_lines), jobs)
    order = {name: i for i, name in enumerate(["", *TABLES])}
    position = {rule.code: i for i, rule in enumerate(CHECKS)}  # the rules about files come first
    faults = sorted([*faults, *chain(*shares)], key=lambda fault: (order[fault.table], position.get(fault.code, -1)))
    return CheckReport(str(folder.path), tuple(faults), rows)


@dataclass(frozen=True)
class _Job:
    """Rules to check on one table."""

    table: str
    rules: tuple[Rule, ...]

    def __str__(self) -> str:
        return self.table


def _check_rules(source: Folder | Path, usual_lines: UsualLines, job: _Job) -> list[Fault]:
    if isinstance(source, Path):
        with open_folder(source) as folder:
            folder.usual_lines = usual_lines
            return _check_rules(folder, usual_lines, job)
    table = TABLES[job.table]
    return [build_fault(source, table, hit) for hit in find_hits(source, table, job.rules)]


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
    hint = Text("`riskml check {path}` lists every fault, its first rows and what to do.", path=report.path)
    if _has_only_bad_rows(report):
        more = Text("`--skip-bad-rows FILE` moves the faulty rows to FILE and continues without them.")
        hint = join_sentences(hint, more)
    values = {"path": report.path, "count": len(named), "faults": shorten_list(named, most=8)}
    raise RecordsError("The records in {path} have {count} fault(s): {faults}.", hint, **values)


def _has_only_bad_rows(report: CheckReport) -> bool:
    """Return whether all faults concern individual rows, which can be set aside."""
    return all(RULES[fault.code].by_row for fault in report.refused)


def open_checked(
    path: str | os.PathLike[str],
    skip_bad_rows: str | os.PathLike[str] | None = None,
    usual_lines: UsualLines = (),
    workers: Mapper | None = None,
) -> Folder:
    """Open a records folder and refuse it if it has faults.

    Parameters
    ----------
    path : path
    skip_bad_rows : path, optional
        File in which bad rows are set aside; they are counted in ``Folder.skipped`` and left out of the folder.
    usual_lines : UsualLines
        Lines of a policy table with which those of the folder are compared; none by default.
    workers : Mapper, optional
        Workers that share the rules; by default, all are checked here.

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
    folder.usual_lines = usual_lines
    try:
        folder.report = check_folder(folder, workers)
        if skip_bad_rows is not None and _has_only_bad_rows(folder.report):
            set_aside(folder, skip_bad_rows)
            folder.report = check_folder(folder) if folder.skipped else folder.report
        refuse_faults(folder.report)
    except BaseException:
        folder.close()
        raise
    return folder
