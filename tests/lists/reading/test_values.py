"""Cells of lists, in every usual form, become days, amounts, counts and codes; what is uncertain is refused."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from riskml.lists.reading.values import read_amount, read_count, read_day
from riskml.lists.words import UnusableValueError, find_words, is_empty, load_words, read_word
from riskml.records.contract.schema import TABLES, list_codes

DAY = date(2024, 3, 5)


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2024, 3, 5, 8, 30),
        DAY,
        20240305,
        20240305.0,
        45356,
        45356.75,
        "45356",
        "2024-03-05",
        "2024/3/5",
        "2024.3.5",
        "2024.03.05 ",
        "20240305",
        "2024年3月5日",
        " 2024 年 3月05号",
        "２０２４．３．５",
        "'2024-03-05",
        "2024-03-05 16:24:50",
        "2024/3/5 8:00",
        "2024-03-05T08:00:00",
        "20240305103000",
        "202403051030",
        "2024年3月5日上午9时30分",
        "2024年3月5日（星期二）",
        "二〇二四年三月五日",
        "24.3.5",
        "2024.3.5-2024.3.12",
        "2024.3.5-3.12",
        "3.5-3.12",
        "2024年3月5日至2024年3月12日",
        "2024-03-05~2024-03-12",
        "3月5日",
        "三月五日",
        "05-3月-24",
        "5-3月-2024",
    ],
)
def test_a_day_is_read_in_every_usual_form(cell):
    parsed = read_day(cell, year=2024)
    assert parsed is not None
    assert (parsed.day, parsed.precision) == (DAY, "day")


@pytest.mark.parametrize(
    "cell",
    [
        "2024年3月",
        "2024.3",
        "2024-03",
        "202403",
        202403,
        2024.3,
        "24年3月",
        "3月",
        "2024年3月份",
        "2024年3月上旬",
        "2024年3月底",
    ],
)
def test_a_month_alone_means_its_first_day(cell):
    parsed = read_day(cell, year=2024)
    assert parsed is not None
    assert (parsed.day, parsed.precision) == (date(2024, 3, 1), "month")
    assert parsed.how


def test_a_year_alone_and_a_span_of_months():
    assert read_day("2019年") == (date(2019, 1, 1), "year", "year_only")
    assert read_day("202210-202309") == (date(2022, 10, 1), "month", "first_of_span")


@pytest.mark.parametrize("cell", ["", None, "—", "不详", " 无 ", "/"])
def test_an_empty_cell_is_not_a_day(cell):
    assert read_day(cell) is None


@pytest.mark.parametrize(
    "cell", ["2024-02-30", "5/3/2024", "待核实", "3月5日", "2024.13.1", True, -3, "1024-03-05", "约3月"]
)
def test_a_day_that_is_not_certain_is_refused(cell):
    with pytest.raises(UnusableValueError, match="bad_date"):
        read_day(cell)


@pytest.mark.parametrize(
    "cell", [date(1900, 1, 1), datetime(1949, 12, 31), "1949-12-31", "1938年", "194912", 18_263, 12_345, 99_999]
)
def test_a_day_before_1950_or_a_number_that_is_not_a_day_is_refused(cell):
    with pytest.raises(UnusableValueError, match="bad_date"):
        read_day(cell)
    assert read_day(18_264) == (date(1950, 1, 1), "day", "serial_number")


def test_october_and_january_look_alike_as_numbers():
    with pytest.raises(UnusableValueError):
        read_day(2024.1, latest=date(2024, 12, 1))
    parsed = read_day(2024.1, latest=date(2024, 6, 1))
    assert parsed is not None
    assert parsed.day == date(2024, 1, 1)


@pytest.mark.parametrize(
    ("cell", "factor", "amount"),
    [
        (12.5, 1, 12.5),
        ("1,234.50", 1, 1234.5),
        ("1，234.50元", 1, 1234.5),
        ("￥1234.5", 1, 1234.5),
        ("３００", 1, 300),
        (0.83, 10_000, 8300),
        ("0.83", 10_000, 8300),
        ("8300元", 10_000, 8300),
        ("3.5万元", 1, 35_000),
        ("(200)", 1, -200),
        ("-310.5", 1, -310.5),
        ("500元/月", 1, 500),
        ("5百元", 1, 500),
        ("1500元（含慰问金）", 1, 1500),
        ("叁仟元", 1, 3000),
        ("壹万贰仟零伍拾元整", 1, 12_050),
        ("十万", 10_000, 100_000),
        ("五", 10_000, 50_000),
        (0, 1, 0),
    ],
)
def test_an_amount_is_read_in_every_usual_form(cell, factor, amount):
    parsed = read_amount(cell, factor)
    assert parsed is not None
    assert parsed.amount == amount


@pytest.mark.parametrize(
    "cell", ["1,2OO.5", "详见附件", "3000左右", "1234,56", True, DAY, "100-200", float("nan"), "1500（未发）", "三百五"]
)
def test_an_amount_that_is_not_certain_is_refused(cell):
    with pytest.raises(UnusableValueError, match="bad_amount"):
        read_amount(cell)


def test_counts():
    assert [read_count(cell) for cell in ("3人", 2.0, "—", "４")] == [3, 2, None, 4]
    for cell in ("三五个", 2.5, -1, True):
        with pytest.raises(UnusableValueError, match="bad_count"):
            read_count(cell)


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("illness.kind", "异地普通住院（转院）", "inpatient"),
        ("illness.kind", "门诊慢特病", "chronic"),
        ("illness.kind", "普通门诊", "outpatient"),
        ("households.kind", "非脱贫户", "ordinary"),
        ("monitoring.category", "监测对象：边缘易致贫户", "borderline"),
        ("members.labour", "丧失劳动力", "none"),
        ("members.working", "县外省内务工", "migrant"),
        ("disaster.kind", "遭受暴雨洪涝", "flood"),
        ("housing", "鉴定为 D级", "unsafe"),
        ("illness.kind", "生育住院", "inpatient"),
        ("illness.kind", "生育费用住院", "inpatient"),
    ],
)
def test_words_become_codes(name, cell, code):
    parsed = read_word(name, cell)
    assert parsed is not None
    assert parsed.code == code


def test_unknown_and_contradictory_words_are_refused():
    for cell in ("阑尾", "A级C级"):
        with pytest.raises(UnusableValueError, match="unknown_word"):
            read_word("housing", cell)
    assert find_words("monitoring.causes", "因病、缺劳动力，住房安全") == ["illness", "labour", "housing"]


@pytest.mark.parametrize("name", [name for name in load_words() if "." in name and name != "help.measure"])
def test_every_code_is_one_of_the_contract(name):
    table, column = name.split(".")
    assert set(load_words()[name].values()) <= set(list_codes(table, column))


def test_punctuation_alone_is_empty():
    assert is_empty("——")
    assert is_empty("N/A")
    assert not is_empty("0")


@pytest.mark.parametrize(
    ("cell", "code"),
    [("四年级", "compulsory"), ("专科二年级", "college"), ("中专三年级", "senior"), ("小学六年级", "compulsory")],
)
def test_a_grade_counts_only_alone(cell, code):
    parsed = read_word("members.schooling", cell)
    assert parsed is not None
    assert parsed.code == code


@pytest.mark.parametrize("table", ["households", "members", "illness", "disaster", "monitoring"])
def test_the_names_of_the_contract_are_read_as_their_codes(table):
    for column in TABLES[table].columns:
        for code, word in (column.allowed or {}).items():
            name = f"{table}.{column.name}"
            assert (find_words if column.name == "causes" else lambda *own: [read_word(*own).code])(name, word) == [
                code
            ]
