"""Questions about more than persons are answered with ``--decisions``, and the order of files decides nothing."""

from __future__ import annotations

import csv
import re
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from riskml.errors import UsageError
from riskml.lists import decisions
from riskml.lists.deliveries import read_deliveries
from riskml.lists.side_files import read_decisions
from riskml.lists.taking import take
from riskml.lists.wording import explain_answer, explain_reason

WHERE = ("青石镇", "新民村")
BILL = ("姓名", "身份证号", "乡镇", "行政村", "就诊类别", "入院日期", "总费用", "个人自付")
WAGE = ("姓名", "身份证号", "乡镇", "行政村", "月工资")
MAY, JUNE = date(2024, 5, 6), date(2024, 6, 6)


@pytest.fixture
def settle(tmp_path, make_register, person, number):
    """Return a function that takes lists (name: (day, rows)) and gives the records of a table and the outcomes."""
    who = ("赵春山", number(), *WHERE)

    def settle(lists, table, answers=(), order=None):
        for name, (_, header, *rows) in lists.items():
            with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([header, *((*who, *row) for row in rows)])
        path = tmp_path / "answers.txt"
        path.write_text("\n".join(["file,sheet,row,person_id,answer", *answers]), "utf-8")
        persons, own = read_decisions(path)
        register = make_register(person("000101", "赵春山", number()))
        days = {name: content[0] for name, content in lists.items()}
        files = [tmp_path / name for name in order or lists]
        taken = take(
            read_deliveries(files, [], register, days, JUNE, None, lambda _: None, own), register, persons, own
        )
        taken.book.write(tmp_path / "records", None)
        latest = {}
        for row in sorted(taken.book.tables.get(table, {}).values(), key=lambda row: row["recorded_on"]):
            latest[row.get("record_id") or row["member_id"]] = row
        rows = [row for row in taken.rows if row.outcome != "ignored"]
        written = {path.name: path.read_bytes() for path in (tmp_path / "records").iterdir()}
        return list(latest.values()), [(row.outcome, row.reason) for row in rows], rows, written

    return settle


def bills(*rows):
    return {f"医保局{day:%-m}月住院.csv": (day, BILL, *own) for day, own in zip((MAY, JUNE), rows, strict=False)}


STAY = ("住院", "2024-04-03", 8000, 3000)
SECOND_WAGE = {
    "务工2024年4月工资.csv": (MAY, WAGE, (3000,)),
    "务工台账2024年4月月工资.csv": (JUNE, WAGE, (3500,)),
}
OTHER_STAY = bills([STAY], [("住院", "2024-04-03", 9000, 3100)])
TWICE = bills([STAY, ("住院", "2024-04-03", 8000, 2000)])


@pytest.mark.parametrize(
    ("lists", "table", "row", "reason", "corrected", "both"),
    [
        (OTHER_STAY, "illness", 2, "may_replace", [9000], [8000, 9000]),
        (bills([STAY], [("门诊慢特病", "2024-04-03", 8000, 3000)]), "illness", 2, "may_replace", [8000], [8000, 8000]),
        (TWICE, "illness", 3, "same_event_twice", [8000], [8000, 8000]),
    ],
)
def test_a_doubtful_bill_is_a_correction_a_separate_bill_or_nothing(settle, lists, table, row, reason, corrected, both):
    (_, outcomes, _, _), file = settle(lists, table), list(lists)[-1]
    assert outcomes[-1] == ("ask", reason)
    for answer, costs in (("更正", corrected), ("correction", corrected), ("新增", both), ("skip", [8000])):
        records, outcomes, _, _ = settle(lists, table, [f"{file},,{row},,{answer}"])
        assert sorted(record["cost"] for record in records) == costs
        assert outcomes[-1][0] == ("nothing" if answer == "skip" else "taken")


def test_a_second_wage_corrects_the_first_or_is_added(settle):
    assert settle(SECOND_WAGE, "income")[1][-1] == ("ask", "second_wage")
    file = list(SECOND_WAGE)[-1]
    for answer, amounts in (("correction", [3500]), ("new", [3000, 3500]), ("不计", [3000])):
        records, _, _, _ = settle(SECOND_WAGE, "income", [f"{file},,2,,{answer}"])
        assert sorted(record["amount"] for record in records) == amounts


def test_one_of_several_records_is_corrected_by_its_number(settle):
    first = [("门诊慢特病", "2024-04-03", 300, 100), ("门诊慢特病", "2024-04-03", 500, 200)]
    lists = bills(first) | {"医保局更正.csv": (JUNE, (*BILL, "备注"), ("门诊慢特病", "2024-04-03", 480, 150, "更正"))}
    records, outcomes, rows, _ = settle(lists, "illness")
    assert outcomes[-1] == ("ask", "may_correct_several")
    wanted = next(record["record_id"] for record in records if record["cost"] == 500)
    assert wanted in rows[-1].candidates
    records, outcomes, _, _ = settle(lists, "illness", [f"医保局更正.csv,,2,,{wanted}"])
    assert outcomes[-1] == ("taken", "corrects")
    assert sorted(record["cost"] for record in records) == [300, 480]


@pytest.mark.parametrize(
    ("header", "row", "reason", "answer", "paid"),
    [
        (BILL, ("住院", "2024-04-03", 1.2, 0.4), "doubtful_unit", "万元", 4000),
        ((*BILL[:-2], "数额一"), ("住院", "2024-04-03", 900), "unknown_column", "G", 900),
    ],
)
def test_unit_and_column_are_answered_for_a_row_or_the_whole_sheet(settle, header, row, reason, answer, paid):
    lists = {"医保局4月住院.csv": (MAY, header, row)}
    assert settle(lists, "illness")[1] == [("ask", reason)]
    for row_text in ("2", ""):
        records, outcomes, _, _ = settle(lists, "illness", [f"医保局4月住院.csv,,{row_text},,{answer}"])
        assert (outcomes, [record["self_paid"] for record in records]) == ([("taken", "")], [paid])


def test_the_topic_of_a_sheet_is_answered(settle):
    lists = {"台账.csv": (MAY, (*BILL[:4], "日期", "数额", "金额"), ("2024-04-03", 1, 600))}
    assert settle(lists, "help")[1] == [("ask", "unknown_list")]
    records, _, _, _ = settle(lists, "help", ["台账.csv,,,,relief"])
    assert [(record["measure"], record["amount"]) for record in records] == [("临时救助", 600)]


def test_an_answer_that_is_none_or_about_no_row_is_refused(settle):
    with pytest.raises(UsageError, match="row 2: perhaps is not an answer"):
        settle(TWICE, "illness", [f"{next(iter(TWICE))},,3,,perhaps"])
    with pytest.raises(UsageError, match=r"1 answer\(s\) are about a row without data"):
        settle(TWICE, "illness", [f"{next(iter(TWICE))},,9,,new"])


def test_every_question_says_how_it_is_answered():
    source = "".join(path.read_text("utf-8") for path in Path(decisions.__file__).parent.rglob("*.py"))
    reasons = set(re.findall(r'(?:Settled|Match)\("ask", (?:reason=)?"(\w+)"', source)) | {
        "unknown_list",
        "doubtful_unit",
    }
    assert {"second_wage", "may_replace", "same_day", "partly_reversed", "several_villages"} <= reasons
    for reason in reasons:
        assert explain_reason(reason)
        assert explain_answer(reason).startswith(("person_id: ", "answer: "))


VERSIONS = {"医保局1-3月住院.csv": 3000, "医保局1-4月住院.csv": 2500, "医保局1-4月住院(更正版).csv": 2000}
"""Payments for one bill in three lists of one day, from the oldest to the newest."""


def test_of_lists_of_one_day_the_newest_counts_in_whatever_order_they_are_given(settle):
    lists = {name: (MAY, BILL, (*STAY[:3], paid)) for name, paid in VERSIONS.items()}
    folders = []
    for order in permutations(lists):
        records, _, _, written = settle(lists, "illness", order=order)
        assert [record["self_paid"] for record in records] == [2000]
        folders.append(written)
    assert all(folder == folders[0] for folder in folders)


@pytest.mark.parametrize(
    "names", [("医保局4月住院甲.csv", "医保局4月住院乙.csv"), ("医保局1-4月住院.csv", "医保局3月住院更正.csv")]
)
def test_lists_of_one_day_that_do_not_say_which_is_newer_become_questions(settle, names):
    for one, two in permutations(names):
        lists = {one: (MAY, BILL, (*STAY[:3], 2900)), two: (MAY, BILL, (*STAY[:3], 2100))}
        records, outcomes, rows, _ = settle(lists, "illness")
        assert ("ask", "same_day") in outcomes
        assert len(records) == 1
    doubtful = next(row.file for row in rows if row.reason == "same_day")
    records, _, _, _ = settle(lists, "illness", [f"{doubtful},,2,,correction"])
    assert len(records) == 1
    assert records[0]["self_paid"] == lists[doubtful][2][3]


WORK = ("姓名", "身份证号", "乡镇", "行政村", "务工地", "月工资")
LEFT = ("姓名", "身份证号", "乡镇", "行政村", "迁出日期", "办理日期")


@pytest.mark.parametrize(
    ("kind", "header", "one", "two"),
    [
        ("务工2024年4月工资", WORK, ("省外", "3000"), ("县内", "3000")),
        ("公安局4月户口迁出", LEFT, ("2024-04-02", "2024-04-25"), ("2024-04-20", "2024-04-25")),
    ],
)
def test_lists_of_one_day_that_contradict_each_other_about_a_member_do_not_depend_on_their_names(
    settle, kind, header, one, two
):
    members = []
    for first, second in permutations((f"{kind}甲.csv", f"{kind}乙.csv")):
        lists = {first: (MAY, header, one), second: (MAY, header, two)}
        records, outcomes, rows, _ = settle(lists, "members")
        members.append(records[-1])
        if header is LEFT:
            assert sorted(outcomes) == [("ask", "same_day"), ("taken", "")]
            doubtful = next(row.file for row in rows if row.reason == "same_day")
            records, _, _, _ = settle(lists, "members", [f"{doubtful},,2,,correction"])
            assert str(records[-1]["left_on"]) == lists[doubtful][2][0]
    assert members[0] == members[1]
