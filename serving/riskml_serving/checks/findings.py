"""Findings in the rows of a request, with the codes and descriptions of ``riskml check``."""

from __future__ import annotations

from riskml.records.panel.extent import Extent
from riskml.records.reading.rules import RULES
from riskml_serving.base.problems import FieldError


def describe_finding(table: str, i: int, column: str, code: str) -> FieldError:
    """Describe what a rule finds in a column of a row of a request, or in a whole row.

    >>> describe_finding("income", 3, "amount", "survey_code").path
    'tables.income[3].amount'
    """
    path = f"tables.{table}[{i}]" + f".{column}" * bool(column)
    return FieldError(path, code, RULES[code].title, RULES[code].zh)


def warn_of_end(extent: Extent, as_of: int) -> list[FieldError]:
    """Warn if the date to score for lies outside the records, as ``riskml score`` does."""
    text = extent.describe_end(as_of, "en")
    return [FieldError("as_of", "as_of_outside", text, extent.describe_end(as_of, "zh"))] if text else []
