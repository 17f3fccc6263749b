"""Turns rows of the work list into rows of an Excel sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from riskml.explanation.wording.phrases import name_month
from riskml.workbook import Sheet
from riskml_serving.casework.deadlines import DEADLINES
from riskml_serving.register.service import Person
from riskml_serving.web.shell.persons import NAMES, list_contact
from riskml_serving.web.shell.words import HUNDRED, count_per_hundred, get_word, label_flag

__all__ = ["make_due_sheet", "make_table"]

HEADER = {
    "zh": ("户码", "地区", "名单部分", "来源", "信号", "情况", "收入数据截至", "模型分级", HUNDRED["zh"],
           "规则与模型", "规则提示", "信号起始",
           *DEADLINES.get_names("zh").values(), "逾期", "最近核实", "核实日期", "责任人"),
    "en": ("code", "region", "section", "brought by", "signal", "status", "income known up to", "tier", HUNDRED["en"],
           "rule line and model", "flags", "since",
           *DEADLINES.get_names("en").values(), "overdue", "last finding", "verified on", "assignee"),
}  # fmt: skip


def make_table(
    rows: Iterable[dict[str, Any]], lang: str, name_region: Callable[[str], str], heads: Mapping[str, Person]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the header and the rows of the sheet; with ``heads`` of households, each code is followed by its head."""
    cells = [_list_cells(row, lang, name_region) for row in rows]
    if not heads:
        return HEADER[lang], cells
    header = HEADER[lang][:1] + NAMES[lang] + HEADER[lang][1:]
    return header, [row[:1] + list_contact(heads.get(row[0])) + row[1:] for row in cells]


def _list_cells(row: dict[str, Any], lang: str, name_region: Callable[[str], str]) -> tuple[Any, ...]:
    """Return the cells for one household, in the order of ``HEADER``."""
    hidden = {"zh": "健康类提示（需授权）", "en": "health flag (needs permission)"}[lang]
    flags = [label_flag(flag.zh if lang == "zh" else flag.en, flag.cause, lang) for flag in row["flags"]]
    flags += [hidden] * bool(row["hidden_flags"])
    due = {deadline.name: deadline.day for deadline in row["due"]}
    return (
        row["household_id"],
        name_region(row["region_code"]),
        get_word("section", row["section"], lang),
        "、".join(get_word("bringer", code, lang) for code in row["brought_by"]),
        f"{row['shape']} {get_word('signal', row['signal'], lang)}",
        get_word("status", row["status"], lang),
        name_month(row["income_until"], lang) if row["income_until"] else "",
        get_word("tier", row["tier"], lang),
        count_per_hundred(row["probability"]),
        get_word("agreement", row["agreement"], lang),
        "、".join(flags),
        row["since"],
        *(due.get(name) for name in DEADLINES),
        "、".join(DEADLINES[deadline.name].late.get_name(lang) for deadline in row["due"] if deadline.late),
        get_word("outcome", row["last_outcome"], lang),
        row["last_verified_on"],
        row["assignee"],
    )


def make_due_sheet(
    rows: Iterable[Mapping[str, Any]], lang: str, name_region: Callable[[str], str], heads: Mapping[str, Person]
) -> Sheet:
    """Make the sheet of the households that are due for a second look."""
    title, reason = {
        "zh": ("再评估", ("帮扶效果不明显", "帮扶满期待评估")),
        "en": ("second look", ("help does not work", "help is to be assessed")),
    }[lang]
    header = {"zh": ("户码", "地区", "事由", "期限", "逾期"), "en": ("code", "region", "why", "due", "overdue")}[lang]
    yes = {"zh": "逾期", "en": "overdue"}[lang]
    cells = [
        (
            row["household_id"],
            *(list_contact(heads.get(row["household_id"])) if heads else ()),
            name_region(row["region_code"]),
            reason[0 if row["failing"] else 1],
            row["due_on"],
            yes if row["late"] else "",
        )
        for row in rows
    ]
    return title, header[:1] + (NAMES[lang] if heads else ()) + header[1:], cells
