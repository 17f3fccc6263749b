"""The possible findings of a visit, the reasons for rejecting a signal, and whether help works."""

from __future__ import annotations

from riskml.vocabulary.terms import Term, Vocabulary

__all__ = ["DECISIVE", "MET", "OUTCOMES", "REASONS", "REASSESSMENTS"]

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

REASONS = Vocabulary(
    Term("not_so", "情况不属实", "it is not so"),
    Term("affordable", "收入或财产足以应对", "income or property is enough"),
    Term("reimbursed", "费用已报销或理赔", "the cost has been reimbursed"),
    Term("guaranteed", "已有保障或帮扶", "there is help already"),
    Term("other_household", "不是本户的情况", "another household is meant"),
    Term("duplicate", "重复线索", "reported before"),
    Term("other", "其他（须写明）", "other (say what)"),
)
"""Why a finding is ``rejected``; ``other`` needs a note."""

REASSESSMENTS = Vocabulary(
    Term("working", "帮扶有效", "the help works"),
    Term("not_working", "帮扶效果不明显", "the help does not work"),
)
"""What a second look finds about the help."""
