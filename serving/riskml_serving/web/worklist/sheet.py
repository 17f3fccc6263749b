"""The columns of the work list, and of the households due for a second look, as Excel sheets."""

from __future__ import annotations

from functools import partial

from riskml.explanation.wording.phrases import name_month
from riskml_serving.casework.deadlines import DEADLINES
from riskml_serving.web.shell.sheets import REGION, Column, Row, Style
from riskml_serving.web.shell.words import HUNDRED, count_per_hundred, label_flag


def _list_flags(row: Row, style: Style) -> str:
    flags = [label_flag(style.t(flag.zh, flag.en), flag.cause, style.lang) for flag in row["flags"]]
    return "、".join(
        [*flags, *[style.t("健康类提示（需授权）", "health flag (needs permission)")] * bool(row["hidden_flags"])]
    )


def _find_due_day(name: str, row: Row, _: Style) -> object:
    return next((deadline.day for deadline in row["due"] if deadline.name == name), None)


def _list_late(row: Row, style: Style) -> str:
    late = (DEADLINES[deadline.name].late for deadline in row["due"] if deadline.late)
    return "、".join(term.get_name(style.lang) for term in late)


COLUMNS: tuple[Column, ...] = (
    REGION,
    ("名单部分", "section", lambda row, style: style.word("section", row["section"])),
    ("来源", "brought by", lambda row, style: "、".join(style.word("bringer", code) for code in row["brought_by"])),
    ("信号", "signal", lambda row, style: f"{row['shape']} {style.word('signal', row['signal'])}"),
    ("情况", "status", lambda row, style: style.word("status", row["status"])),
    (
        "收入数据截至",
        "income known up to",
        lambda row, style: name_month(row["income_until"], style.lang) if row["income_until"] else "",
    ),
    ("模型分级", "tier", lambda row, style: style.word("tier", row["tier"])),
    (HUNDRED["zh"], HUNDRED["en"], lambda row, _: count_per_hundred(row["probability"])),
    ("规则与模型", "rule line and model", lambda row, style: style.word("agreement", row["agreement"])),
    ("规则提示", "flags", _list_flags),
    ("信号起始", "since", lambda row, _: row["since"]),
    *((kind.zh, kind.en, partial(_find_due_day, name)) for name, kind in DEADLINES.items()),
    ("逾期", "overdue", _list_late),
    ("最近核实", "last finding", lambda row, style: style.word("outcome", row["last_outcome"])),
    ("核实日期", "verified on", lambda row, _: row["last_verified_on"]),
    ("责任人", "assignee", lambda row, _: row["assignee"]),
)
"""Columns of the work list after the household and its head."""

DUE_COLUMNS: tuple[Column, ...] = (
    REGION,
    (
        "事由",
        "why",
        lambda row, style: (
            style.t("帮扶效果不明显", "help does not work")
            if row["failing"]
            else style.t("帮扶满期待评估", "help is to be assessed")
        ),
    ),
    ("期限", "due", lambda row, _: row["due_on"]),
    ("逾期", "overdue", lambda row, style: style.t("逾期", "overdue") if row["late"] else ""),
)
"""Columns of the households due for a second look, after the household and its head."""
