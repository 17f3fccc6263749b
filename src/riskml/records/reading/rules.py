"""The rules that records must follow, read from ``rules.yaml``."""

from __future__ import annotations

from riskml.records.contract.faults import Rule, Severity
from riskml.text import read_data

_STATED = read_data("riskml.records.reading", "rules.yaml")

FILES = frozenset(_STATED["files"])
"""Codes of the rules about files and columns; all others are about rows."""

RULES: dict[str, Rule] = {
    code: Rule(
        code,
        severity=Severity.WARNING if stated.pop("warning", False) else Severity.FAULT,
        by_row=stated.pop("by_row", code not in FILES),
        **stated,
    )
    for part in _STATED.values()
    for code, stated in part.items()
}
"""Every rule by code, in the order in which a report lists them."""
