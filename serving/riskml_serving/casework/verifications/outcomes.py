"""The possible findings of a visit."""

from __future__ import annotations

from riskml.vocabulary.terms import Term, Vocabulary

__all__ = ["DECISIVE", "MET", "OUTCOMES"]

OUTCOMES = Vocabulary(
    Term("confirmed", "属实", "confirmed"),
    Term("rejected", "不属实", "not confirmed"),
    Term("pending", "需再次核实", "verify again"),
    Term("not_met", "未见到人", "nobody at home"),
)
"""Findings of a visit by code."""

DECISIVE = ("confirmed", "rejected")
"""Findings that settle a signal."""

MET = (*DECISIVE, "pending")
"""Findings that imply that somebody met the household."""
