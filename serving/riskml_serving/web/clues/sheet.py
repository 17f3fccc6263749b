"""The columns of the register of clues as an Excel sheet: those of a hotline's register."""

from __future__ import annotations

from riskml_serving.web.shell.sheets import CODE, Column

COLUMNS: tuple[Column, ...] = (
    ("登记日期", "registered on", lambda clue, _: clue["recorded_on"]),
    ("来源", "source", lambda clue, style: style.word("channel", clue["channel"])),
    ("反映人", "told by", lambda clue, _: clue["names"].get("told_by", "")),
    ("登记人", "registered by", lambda clue, _: clue["author"]),
    ("村", "village", lambda clue, style: style.name_region(clue["region_code"])),
    CODE,
    ("姓名", "name", lambda clue, style: style.tell(clue, "name") or clue["names"].get("household", "")),
    ("事项", "what", lambda clue, style: style.word("what", "hidden" if clue["hidden"] else clue["what"])),
    ("金额（元）", "amount (yuan)", lambda clue, _: clue["amount"]),
    ("发生日期", "happened on", lambda clue, _: clue["occurred_on"]),
    ("说明", "note", lambda clue, _: clue["note"]),
    ("状态", "state", lambda clue, style: style.word("clue_state", clue["state"])),
    ("走访人", "visited by", lambda clue, _: clue["visitor"]),
    ("走访日期", "visited on", lambda clue, _: clue["verified_on"]),
    ("核实结果", "finding", lambda clue, style: style.word("outcome", clue["outcome"])),
    ("不属实理由", "why not", lambda clue, style: style.word("reason", clue["reason"])),
    ("用时（天）", "days", lambda clue, _: clue["days"]),
    ("回访日期", "informed on", lambda clue, _: clue["told_on"]),
    ("办结日期", "closed on", lambda clue, _: clue["closed_on"]),
)
"""Names are empty for readers who may not see them."""
