"""The rules that records must follow, the faults that a check finds, and the report on a records folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from riskml.text import Joined, Text, join_sentences, read

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
        What the owner of the data should do about it; the catalogue has the Chinese wording (see `riskml.text`).
    severity : Severity, default fault
        Every command refuses a folder with faults; warnings do not stop a command.
    by_row : bool, default False
        Whether the fault concerns individual rows, which ``--skip-bad-rows`` can set aside.
    finding : str
        What is wrong in a folder, as a template; for rules about rows, it is worded to follow "3 row(s)".
    advice : dict of str to str
        Maps a pattern for values to what to do about such values, where ``what_to_do`` is too general.
    folder_only : str
        Why rows in memory, such as those of a request, are not checked; empty if they are.
    """

    code: str
    title: str
    zh: str
    what_to_do: str
    severity: Severity = Severity.FAULT
    by_row: bool = False
    finding: str = ""
    advice: Mapping[str, str] = field(default_factory=dict, hash=False)
    folder_only: str = ""

    def to_fault(
        self,
        table: str,
        column: str,
        message: str = "",
        *,
        count: int = 1,
        rows: Sequence[RowName] = (),
        **values: Any,
    ) -> Fault:
        """Build a fault of this kind.

        ``table`` is empty if the fault concerns the whole folder, and ``column`` is empty if it concerns whole rows.
        ``message`` is a text, or a template for ``values``, ``count``, ``table`` and ``column``; the rule's ``finding``
        by default.
        """
        if not isinstance(message, Text):
            message = Text(message or self.finding, table=table, column=column, count=count, **values)
        first = tuple(rows[:MOST_ROWS])
        return Fault(table, column, self.code, self.severity, count, first, message, Text(self.what_to_do))


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
    message, what_to_do : Text
        What is wrong and what to do about it, in plain language.
    """

    table: str
    column: str
    code: str
    severity: Severity
    count: int
    rows: tuple[RowName, ...]
    message: Text
    what_to_do: Text

    @property
    def where(self) -> Text:
        """The table and column, or ``folder`` if the fault concerns the whole folder."""
        parts = [part for part in (self.table, self.column) if part]
        return Joined(parts, ".", ".") if parts else Text("folder")


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
    training : str or Text
        From when a model can be trained on the records, and with which options; empty if not requested.
    known : int
        Number of warnings that are left out because they are known.
    """

    path: str
    faults: tuple[Fault, ...] = ()
    tables: dict[str, int] = field(default_factory=dict)
    training: str = ""
    known: int = 0

    def leave_out_known(self, earlier: Iterable[Mapping[str, Any]]) -> CheckReport:
        """Leave out the warnings that an earlier report has with the same table, column and code, and as many rows.

        Parameters
        ----------
        earlier : iterable of mapping
            The ``faults`` of the earlier report, as in its JSON text. Faults are never left out.

        Examples
        --------
        >>> rule = Rule("odd", "Odd", "异常", "Look.", Severity.WARNING)
        >>> report = CheckReport("records", (rule.to_fault("income", "amount", "odd", count=3),))
        >>> report.leave_out_known([vars(fault) for fault in report.faults]).summarise()
        'No faults and no warnings in records. 1 known warning(s) left out.'
        >>> report.leave_out_known([]).summarise()
        '0 fault(s) and 1 warning(s) in records.'
        """
        most = {(one["table"], one["column"], one["code"]): one["count"] for one in earlier}
        kept = tuple(
            fault
            for fault in self.faults
            if fault.severity is Severity.FAULT or fault.count > most.get((fault.table, fault.column, fault.code), 0)
        )
        return replace(self, faults=kept, known=len(self.faults) - len(kept))

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
        """Return the report as JSON text: ``ok``, ``faults`` and ``tables``, and ``training`` and ``known`` if any.

        The texts are in English; ``message_zh`` and ``what_to_do_zh`` of a fault, and ``training_zh``, are in Chinese.

        >>> print(CheckReport("records", (), {"households": 2}).to_json())
        {
          "ok": true,
          "faults": [],
          "tables": {
            "households": 2
          }
        }
        """
        faults = [
            vars(fault) | {"message_zh": fault.message.read("zh"), "what_to_do_zh": fault.what_to_do.read("zh")}
            for fault in self.faults
        ]
        content = {"ok": self.ok, "faults": faults, "tables": self.tables}
        if self.training:
            content |= {"training": self.training, "training_zh": read(self.training, "zh")}
        content |= {"known": self.known} if self.known else {}
        return json.dumps(content, ensure_ascii=False, indent=2)

    def summarise(self) -> Text:
        """Return a sentence with the numbers of faults and warnings."""
        counts = {"faults": len(self.refused), "warnings": len(self.warnings)}
        counted = Text("{faults} fault(s) and {warnings} warning(s) in {path}.", path=self.path, **counts)
        if not self.faults:
            counted = Text("No faults and no warnings in {path}.", path=self.path)
        known = Text("{count} known warning(s) left out.", count=self.known) if self.known else ""
        return join_sentences(counted, known)
