"""A sheet that does not say what its rows are about is settled once and for all."""

from __future__ import annotations

from tests.serving.desk.conftest import FIRST, NAMES, make_number, write_csv


def test_that_all_houses_of_a_list_are_unsafe_is_asked_once_and_holds_for_later_lists(desk):
    header, title = ("姓名", "身份证号", "乡镇", "行政村", "房屋结构", "鉴定日期"), "农村住房安全排查台账"
    rows = [(NAMES[code], make_number(code), "青石镇", "新民村", "砖木", "2024-05-12") for code in ("A-1", "B-1")]
    desk.import_lists({"农户信息导出2024-05-01.csv": FIRST}, "2024-05-01")
    desk.upload({f"{title}.csv": write_csv(header, rows[:1])}, "2024-06-05")
    desk.work()
    assert "没有认出哪一列写明住房或饮水是否安全" in desk.open("columns").text
    page = desk.open("questions").text
    assert page.count('name="answer0"') == 2
    assert "名单上的都不安全，全部计入" in page
    desk.post("/lists/answers", answer0="new")
    desk.work()
    assert "没有需要核对的人员" in desk.open("questions").text
    desk.post("/lists/discard")
    desk.import_lists({f"{title}（6月）.csv": write_csv(header, rows)}, "2024-06-06")
    assert desk.read("SELECT kind, count(*) FROM record_events GROUP BY kind") == [("housing_unsafe", 2)]
