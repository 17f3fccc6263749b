"""Turns clues into rows of an Excel sheet: the columns of a hotline's register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from riskml_serving.register.service import Person
from riskml_serving.web.shell.words import get_word

__all__ = ["make_table"]

HEADER = {
    "zh": ("登记日期", "来源", "反映人", "登记人", "村", "户码", "姓名", "事项", "金额（元）", "发生日期", "说明",
           "状态", "走访人", "走访日期", "核实结果", "不属实理由", "用时（天）", "回访日期", "办结日期"),
    "en": ("registered on", "source", "told by", "registered by", "village", "code", "name", "what", "amount (yuan)",
           "happened on", "note", "state", "visited by", "visited on", "finding", "why not", "days",
           "informed on", "closed on"),
}  # fmt: skip


def make_table(
    clues: Iterable[dict[str, Any]], lang: str, name_region: Callable[[str], str], heads: Mapping[str, Person]
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the header and the rows of the sheet; names are empty for readers who may not see them."""
    return HEADER[lang], [_list_cells(clue, lang, name_region, heads) for clue in clues]


def _list_cells(
    clue: dict[str, Any], lang: str, name_region: Callable[[str], str], heads: Mapping[str, Person]
) -> tuple[Any, ...]:
    code = clue.get("household_id", "")
    head = heads.get(code)
    return (
        _read_day(clue["recorded_on"]),
        get_word("channel", clue["channel"], lang),
        clue["names"].get("told_by", ""),
        clue["author"],
        name_region(clue["region_code"]),
        code,
        head.name if head else clue["names"].get("household", ""),
        get_word("what", "hidden" if clue["hidden"] else clue["what"], lang),
        clue["amount"],
        _read_day(clue["occurred_on"]),
        clue["note"],
        get_word("clue_state", clue["state"], lang),
        clue["visitor"],
        _read_day(clue["verified_on"]),
        get_word("outcome", clue["outcome"], lang),
        get_word("reason", clue["reason"], lang),
        clue["days"],
        _read_day(clue["told_on"]),
        _read_day(clue["closed_on"]),
    )


def _read_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
