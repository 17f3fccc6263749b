"""Help ends if a row, the section above it or the title says so; what was owed for earlier months counts apart."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.deliveries import read_deliveries
from riskml.lists.entries import make_entries
from riskml.lists.reading.sheets import Context
from riskml.lists.taking import take

PAID, ENDED = "某局2024年6月低保发放名单", "某局2024年6月低保退出名单"


@pytest.mark.parametrize(
    ("cells", "titles", "header"),
    [
        ({"help.ended_on": "2024-06-01"}, ("某局低保名单",), ""),
        ({}, (ENDED,), ""),
        ({"help.started_on": "2024-06", "other": "停发"}, ("某局低保名单",), "发放月份"),
        ({"help.started_on": "2022-03", "other": "停发"}, (PAID,), "享受起始时间"),
        ({"help.started_on": "2022-03"}, ("二、停发", PAID), "享受起始时间"),
        ({"help.started_on": "2022-03"}, (ENDED,), "享受起始时间"),
    ],
)
def test_a_row_may_end_an_allowance(read_row, cells, titles, header):
    reader = read_row(
        cells | {"help.measure": "低保", "help.amount": 300},
        headers={"other": "变动类型", "help.started_on": header},
        context=Context(titles, date(2024, 6, 1), date(2024, 6, 30)),
    )
    [entry] = make_entries("allowance", reader)
    assert (entry.sign, entry.values["ended_on"], entry.values["amount"]) == ("ends", date(2024, 6, 1), None)


@pytest.mark.parametrize("titles", [("一、发放", ENDED), ("在保", "低保在保及退出"), ("停发及新增",)])
def test_a_section_of_help_that_continues_counts_more_than_a_title(list_records, titles):
    cells = {"help.started_on": "2022-03", "help.measure": "低保", "help.amount": 300}
    [(_, values)] = list_records("allowance", cells, context=Context(titles))
    assert (values["started_on"], values["amount"]) == (date(2022, 3, 1), 300)


@pytest.mark.parametrize(("sums", "amount"), [((1100, 2600, 1400), 1300), ((1100, 1300, 1100), 1300)])
def test_an_allowance_counts_without_what_was_owed_for_earlier_months(tmp_path, make_register, person, sums, amount):
    register = make_register(*(person(f"H0{i}01", name, "") for i, name in enumerate(("王小兰", "赵明", "李四"), 1)))
    rows = zip(("王小兰", "赵明", "李四"), (100, 300, 100), (0, 1300, 300), sums, strict=True)
    cells = [f"{name},新民村,青石镇,1000,{care},{owed},{paid}" for name, care, owed, paid in rows]
    header = "2024年6月特困供养\n供养对象,村,乡镇,基本金,护理金,补发,实发"
    (tmp_path / "供养.csv").write_text("\n".join([header, *cells]), encoding="utf-8")
    days = {"供养.csv": date(2024, 7, 5)}
    files = [tmp_path / "供养.csv"]
    deliveries = read_deliveries(files, [], register, days, date.max, None, lambda _: None)
    book = take(deliveries, register, {}).book
    [paid] = [row["amount"] for row in book.tables["help"].values() if row["household_id"] == "H02"]
    assert paid == amount
