"""Places as written in lists are found among the villages in the register, or not at all."""

from __future__ import annotations

import pytest

from riskml.lists.persons.villages import Village, Villages

VILLAGES = Villages(
    [
        Village("1", "青石镇", "新民村"),
        Village("2", "青石镇", "大坪村"),
        Village("3", "柳河乡", "新民村"),
        Village("4", "柳河乡", "新民社区"),
        Village("5", "东风镇", "东风村"),
        Village("6", "白云街道", "东风村"),
    ]
)


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        (("青石镇", "新民村"), "1"),
        (("青石", "新民"), "1"),
        (("青石镇人民政府", "新民村村民委员会"), "1"),
        ((" 青石镇 ", "新 民 村"), "1"),
        ((None, "青石镇新民村"), "1"),
        ((None, "某省某市某县青石镇新民村民委员会3组12号"), "1"),
        ((None, "青石镇新民村三组"), "1"),
        ((None, "青石镇大坪村委会"), "2"),
        (("青石镇新民村", None), "1"),
        ((None, "新民村"), "13"),
        ((None, "新民社区"), "4"),
        (("柳河乡", "新民社区"), "4"),
        (("柳河乡", "新民"), "34"),
        (("柳河镇", "新民村"), "3"),  # a town that became another kind of town
        (("柳河街道办事处", "新民村"), "3"),
        (("东风镇", "东风"), "5"),
        ((None, "东风"), "56"),
        (("白云", "东风村5组"), "6"),
        (("青石镇", "大坪山村"), ""),
        (("青石镇", "上大坪村"), ""),
        ((None, "大青石镇新民村"), ""),
        (("青石镇", "东风村"), ""),
        (("红旗镇", "新民村"), ""),  # of another county
        ((None, "红旗镇新民村"), ""),
        (("某县", "新民村"), "13"),
        ((None, "村委会"), ""),
        ((None, None), ""),
    ],
)
def test_villages_are_found(cells, codes):
    assert "".join(sorted(VILLAGES.find(*cells).villages)) == codes


@pytest.mark.parametrize(
    ("cells", "towns"),
    [
        (("青石镇", "东沟村"), {"青石镇"}),
        ((None, "柳河乡东沟村"), {"柳河乡"}),
        (("红旗镇", None), set()),
        ((None, "新民村"), set()),
    ],
)
def test_towns_are_found_without_a_village(cells, towns):
    assert VILLAGES.find(*cells).towns == towns
