"""Findings in the rows of a request, with the codes and descriptions of ``riskml check``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from riskml.records.checking.check import list_rules
from riskml.records.panel.extent import Extent
from riskml_serving.base.problems import FieldError
from riskml_serving.store.records.columns import Columns

__all__ = ["Finding", "Row", "describe_findings", "list_known", "read_day", "warn_of_end"]

_RULES = {rule.code: rule for rule in list_rules()}

Row = dict[str, Any]
Finding = tuple[int, str, str]
"""Position of a row in the request, column, and code of the rule."""


def list_known(columns: Columns, name: str) -> list[Any]:
    """List the values in a column that are not null; the list is empty if there is no such column.

    Most checks first look at these values, since most requests have none that a check could find.

    >>> list_known({"amount": [1.0, None]}, "amount"), list_known({}, "months")
    ([1.0], [])
    """
    return [value for value in columns.get(name, ()) if value is not None]


def read_day(row: Row) -> dt.date:
    """Return the day of recording of a row; one without a day comes before every day."""
    return row.get("recorded_on") or dt.date.min


def describe_findings(table: str, findings: Iterable[Finding]) -> list[FieldError]:
    """Describe findings in a table.

    >>> describe_findings("income", [(3, "amount", "survey_code")])[0].path
    'tables.income[3].amount'
    """
    return [
        FieldError(f"tables.{table}[{i}]" + f".{column}" * bool(column), code, _RULES[code].title, _RULES[code].zh)
        for i, column, code in findings
    ]


def warn_of_end(extent: Extent, as_of: int) -> list[FieldError]:
    """Warn if the date to score for lies outside the records, as ``riskml score`` does."""
    text = extent.describe_end(as_of, "en")
    return [FieldError("as_of", "as_of_outside", text, extent.describe_end(as_of, "zh"))] if text else []
