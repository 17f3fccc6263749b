"""The rules that records must follow, read from ``rules.yaml``."""

from __future__ import annotations

from importlib.resources import files

import yaml

from riskml.records.contract.faults import Rule, Severity

__all__ = ["FILES", "RULES"]

_STATED = yaml.load(files("riskml.records.reading").joinpath("rules.yaml").read_text("utf-8"), yaml.CSafeLoader)

FILES = frozenset(_STATED["files"])
"""Codes of the rules about files and columns; all others are about rows."""

RULES: dict[str, Rule] = {
    code: Rule(
        code,
        stated["title"],
        stated["zh"],
        stated["what_to_do"],
        Severity.WARNING if stated.get("warning") else Severity.FAULT,
        by_row=stated.get("by_row", code not in FILES),
    )
    for part in _STATED.values()
    for code, stated in part.items()
}
"""Every rule by code, in the order in which a report lists them."""
