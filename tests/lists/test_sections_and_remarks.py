"""A section row or a remark may say what a row is about if no column does."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.reading.sheets import Context

JUNE = {"start": date(2024, 6, 1), "end": date(2024, 6, 30)}


@pytest.mark.parametrize(
    ("topic", "label", "unsafe"),
    [
        ("water", "一、正常供水户", False),
        ("water", "二、缺水户", True),
        ("water", "三、新民村", True),
        ("housing", "A级、B级", False),
        ("housing", "B级和C级", True),
    ],
)
def test_a_section_may_be_about_those_without_a_fault(list_records, topic, label, unsafe):
    context = Context((label, "隐患清单"), labels=(label,), **JUNE)
    assert len(list_records(topic, {"name": "某某"}, context=context)) == unsafe


@pytest.mark.parametrize(
    ("header", "text", "new"),
    [
        ("备注", "到期换证", False),
        ("办理情况", "死亡注销", False),
        ("备注", "首次申领", True),
        ("备注", "注销后新办", True),
        ("经办人", "换证窗口", True),
    ],
)
def test_a_remark_may_say_that_a_disability_is_an_old_one(list_records, header, text, new):
    context = Context(("2024年6月办证名单",), **JUNE)
    assert len(list_records("disability", {"other": text}, headers={"other": header}, context=context)) == new
