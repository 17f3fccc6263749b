"""The rules that records must follow, the faults that a check finds, and the report on a records folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

__all__ = ["MOST_ROWS", "CheckReport", "Fault", "RowName", "Rule", "Severity"]

MOST_ROWS = 5
"""Maximum number of rows that a fault lists."""

RowName = int | str
"""Position of a row in its file, counted from 1; ``"part.parquet:17"`` if the table consists of several files."""


class Severity(StrEnum):
    """Whether a finding stops a command."""

    FAULT = "fault"
    WARNING = "warning"


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong with a records folder.

    Parameters
    ----------
    code : str
        Stable name in snake case.
    title, zh : str
        What is wrong, in English and in Chinese.
    what_to_do : str
        What the owner of the data should do about it.
    severity : Severity, default fault
        Every command refuses a folder with faults; warnings do not stop a command.
    by_row : bool, default False
        Whether the fault concerns individual rows, which ``--skip-bad-rows`` can set aside.
    """

    code: str
    title: str
    zh: str
    what_to_do: str
    severity: Severity = Severity.FAULT
    by_row: bool = False

    def to_fault(self, table: str, column: str, message: str, *, count: int = 1, rows: Sequence[RowName] = ()) -> Fault:
        """Build a fault of this kind.

        ``table`` is empty if the fault concerns the whole folder, and ``column`` is empty if it concerns whole rows.
        """
        first = tuple(rows[:MOST_ROWS])
        return Fault(table, column, self.code, self.severity, count, first, message, self.what_to_do)


@dataclass(frozen=True)
class Fault:
    """One finding: what is wrong, where, how often, and what to do.

    Parameters
    ----------
    table, column : str
        Where the fault is. ``table`` is empty if the fault concerns the whole folder, and ``column`` is empty if it
        concerns whole rows.
    code : str
        Code of the rule that is broken.
    severity : Severity
    count : int
        Number of rows, columns or files with the fault.
    rows : tuple of int or str
        The first rows with the fault, counted from 1.
    message, what_to_do : str
        What is wrong and what to do about it, in plain language.
    """

    table: str
    column: str
    code: str
    severity: Severity
    count: int
    rows: tuple[RowName, ...]
    message: str
    what_to_do: str

    @property
    def where(self) -> str:
        """The table and column, or ``folder`` if the fault concerns the whole folder."""
        return ".".join(part for part in (self.table, self.column) if part) or "folder"


@dataclass(frozen=True)
class CheckReport:
    """Every finding in a records folder.

    Parameters
    ----------
    path : str
        Path of the folder.
    faults : tuple of Fault
        Faults and warnings, in the order of the tables.
    tables : dict of str to int
        Number of rows in each table that could be read.
    training : str
        From when a model can be trained on the records, and with which options; empty if not requested.
    """

    path: str
    faults: tuple[Fault, ...] = ()
    tables: dict[str, int] = field(default_factory=dict)
    training: str = ""

    @property
    def refused(self) -> tuple[Fault, ...]:
        """The findings that make every command refuse the folder."""
        return tuple(fault for fault in self.faults if fault.severity is Severity.FAULT)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """The findings that do not stop any command."""
        return tuple(fault for fault in self.faults if fault.severity is Severity.WARNING)

    @property
    def ok(self) -> bool:
        """Whether the folder can be used as it is.

        >>> CheckReport("records").ok
        True
        """
        return not self.refused

    def to_json(self) -> str:
        """Return the report as JSON text: ``ok``, ``faults`` and ``tables``, and ``training`` if known.

        >>> print(CheckReport("records", (), {"households": 2}).to_json())
        {
          "ok": true,
          "faults": [],
          "tables": {
            "households": 2
          }
        }
        """
        content = {"ok": self.ok, "faults": [asdict(fault) for fault in self.faults], "tables": self.tables}
        content |= {"training": self.training} if self.training else {}
        return json.dumps(content, ensure_ascii=False, indent=2)

    def render(self) -> str:
        """Return the report as plain text, one paragraph per finding.

        >>> print(CheckReport("records", (), {"households": 2}).render())
        households: 2 rows
        No faults and no warnings in records.
        """
        lines = [f"{table}: {rows:,} rows" for table, rows in self.tables.items()]
        for fault in self.faults:
            lines.append(f"{fault.severity} {fault.code} in {fault.where}: {fault.message}")
            if fault.rows:
                more = ", …" if fault.count > len(fault.rows) else ""
                lines.append(f"    rows: {', '.join(str(row) for row in fault.rows)}{more}")
            lines.append(f"    what to do: {fault.what_to_do}")
        lines.append(self.summarise())
        return "\n".join(lines)

    def summarise(self) -> str:
        """Return one sentence with the numbers of faults and warnings."""
        if not self.faults:
            return f"No faults and no warnings in {self.path}."
        return f"{len(self.refused)} fault(s) and {len(self.warnings)} warning(s) in {self.path}."
