"""Lists delivered month by month give the same records as if they were delivered at once."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from riskml.lists.deliveries import read_deliveries
from riskml.lists.memory import Memory
from riskml.lists.persons.identity import Identity
from riskml.lists.persons.register import Register
from riskml.lists.taking import take

REGISTER = ("户编号", "人编号", "姓名", "证件号码", "与户主关系", "乡镇", "行政村", "家庭人口数", "年工资性收入")
BILLS = ("姓名", "身份证号", "乡镇", "行政村", "就诊类别", "入院日期", "总费用", "个人自付")


def write(folder, name, header, rows):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder / name


@pytest.fixture
def lists(tmp_path, number):
    """Two exports of the register, the second with a split, and lists that repeat, correct and reverse bills."""
    people = {code: number(sequence=i) for i, code in enumerate(("A-1", "A-2", "A-3", "B-1"), 100)}
    names = {"A-1": "赵春山", "A-2": "钱秋水", "A-3": "赵小河", "B-1": "孙北斗"}
    where = ("青石镇", "新民村")

    def member(code, home, relation, size):
        return (home, code, names[code], people[code], relation, *where, size, 9000)

    def bill(code, day, cost, paid):
        return (names[code], people[code], *where, "住院", day, cost, paid)

    first = [("A-1", "A", "户主", 3), ("A-2", "A", "配偶", 3), ("A-3", "A", "之子", 3), ("B-1", "B", "户主", 1)]
    second = [("A-1", "A", "户主", 2), ("A-2", "A", "配偶", 2), ("A-3", "C", "户主", 1), ("B-1", "B", "户主", 1)]
    old = [bill("A-3", "2024-01-05", 8000, 3000), bill("B-1", "2024-01-09", 5000, 2000)]
    new = [*old[:1], bill("B-1", "2024-01-09", 5000, 1500), bill("A-1", "2024-02-11", 700, 300)]
    last = [bill("A-1", "2024-02-11", -700, -300), bill("A-3", "2024-04-02", 900, 400)]
    return [
        (date(2024, 1, 2), write(tmp_path, "农户信息导出2024-01-02.csv", REGISTER, [member(*row) for row in first])),
        (date(2024, 2, 5), write(tmp_path, "医保1月住院.csv", BILLS, old)),
        (date(2024, 3, 5), write(tmp_path, "医保1-2月住院.csv", BILLS, new)),
        (date(2024, 4, 2), write(tmp_path, "农户信息导出2024-04-02.csv", REGISTER, [member(*row) for row in second])),
        (date(2024, 5, 6), write(tmp_path, "医保4月住院.csv", BILLS, last)),
    ]


def read(dated, register):
    days = {path.name: day for day, path in dated}
    return read_deliveries([path for _, path in dated], [], register, days, date(2024, 6, 1), None, lambda _: None)


def test_month_by_month_gives_the_records_of_all_lists_at_once(lists):
    register, texts, tables, states, count = Register(region="990123"), {}, {}, frozenset(), 0
    for dated in lists:
        memory = Memory(lambda codes: {code: texts[code] for code in codes if code in texts}, count, states)
        taken = take(read([dated], register), register, {}, memory=memory)
        texts.update(taken.texts)
        count, states = count + 1, frozenset(v.known_from for own in register.versions.values() for v in own)
        for name, rows in taken.book.tables.items():
            tables.setdefault(name, {}).update(rows)
    register = Register(region="990123")
    whole = take(read(lists, register), register, {})
    assert {name: rows for name, rows in tables.items() if rows} == whole.book.tables
    assert any("-from-A-to-C" in row["record_id"] for row in tables["illness"].values())


def test_a_delivery_loads_and_changes_only_the_households_that_it_is_about(lists):
    register, texts, loaded = Register(region="990123"), {}, []

    def recall(codes):
        loaded.append(set(codes))
        return {code: texts[code] for code in codes if code in texts}

    for n, dated in enumerate(lists[:3]):
        states = frozenset(v.known_from for own in register.versions.values() for v in own)
        texts.update(take(read([dated], register), register, {}, memory=Memory(recall, n, states)).texts)
    only_b = lists[1][1]
    text = only_b.read_text("utf-8")
    only_b.write_text("".join(line for line in text.splitlines(keepends=True) if "赵小河" not in line), "utf-8")
    loaded.clear()
    memory = Memory(recall, 3, frozenset({date(2024, 1, 2)}))
    taken = take(read([(date(2024, 5, 6), only_b)], register), register, {}, memory=memory)
    assert loaded == [{"B"}]
    assert taken.texts.keys() <= {"B"}


def test_an_answer_holds_for_every_row_with_the_same_words(lists):
    register = Register(region="990123")
    take(read(lists[:1], register), register, {})
    path = lists[1][1]
    path.write_text(path.read_text("utf-8").replace("孙北斗", "吴南山"), "utf-8")
    taken = take(read(lists[1:2], register), register, {})
    (doubtful,) = [row for row in taken.rows if row.outcome == "ask"]
    who = taken.identities[doubtful.file, doubtful.sheet, doubtful.row]
    assert isinstance(who, Identity)
    assert doubtful.candidates == ("B-1",)
    again = take(read(lists[1:2], register), register, {}, remembered={who: "B-1"})
    assert [row.household_id for row in again.rows if row.outcome == "taken"] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "header", "kind"),
    [
        ("车管所机动车登记名单.csv", ("机动车所有人", "身份证号", "车辆品牌型号", "初次登记日期"), "vehicle"),
        ("车管所机动车登记比对.csv", ("姓名", "身份证号", "车辆类型", "登记日期"), "vehicle"),
        ("市场监管局个体工商户名单.csv", ("经营者", "身份证号", "市场主体名称", "成立日期"), "licence"),
        ("不动产登记中心商品房名单.csv", ("权利人", "身份证号", "房屋坐落", "登簿日期"), "second_home"),
    ],
)
def test_a_property_comparison_gives_facts_and_no_record(lists, tmp_path, number, name, header, kind):
    register = Register(region="990123")
    take(read(lists[:1], register), register, {})
    path = write(tmp_path, name, header, [("孙北斗", number(sequence=103), "五菱面包车", "2023-05-06")])
    taken = take(read([(date(2024, 3, 5), path)], register), register, {}, memory=Memory())
    (fact,) = taken.facts
    assert (fact.household_id, fact.person_id, fact.kind) == ("B", "B-1", kind)
    assert (fact.what, fact.happened_on) == ("五菱面包车", date(2023, 5, 6))
    assert {(row.outcome, row.reason) for row in taken.rows if row.household_id} == {("nothing", "fact")}
    assert not any("facts" in text for text in taken.texts.values())
    assert "facts" not in taken.book.tables


def test_an_export_of_households_only_gives_their_records_and_ends_no_membership(tmp_path, number):
    people = {code: number(sequence=i) for i, code in enumerate(("A-1", "A-2"), 100)}
    names, where = {"A-1": "赵春山", "A-2": "钱秋水"}, ("青石镇", "新民村")
    members = [(code[0], code, names[code], people[code], "户主", *where, 2, 9000) for code in people]
    heads = ("户编号", "户主姓名", "户主证件号码", "乡镇", "行政村", "家庭人口数", "监测对象类别", "识别监测时间")
    rows = [("X9", names["A-1"], people["A-1"], *where, 2, "脱贫不稳定户", "202405")]
    dated = [
        (date(2024, 1, 2), write(tmp_path, "农户信息导出2024-01-02.csv", REGISTER, members)),
        (date(2024, 5, 6), write(tmp_path, "监测对象信息导出2024-05-06.csv", heads, rows)),
    ]
    register = Register(region="990123")
    taken = take(read(dated, register), register, {})
    assert [row.outcome for row in taken.rows if row.file.startswith("监测")] == ["ignored", "taken"]
    (monitored,) = taken.book.tables["monitoring"].values()
    assert (monitored["household_id"], monitored["category"]) == ("A", "unstable_exit")
    assert not any(member.get("left_on") for member in taken.book.tables["members"].values())
