"""An answer holds for all later lists, so that a wrong one can be taken back before the import."""

from __future__ import annotations

from tests.serving.desk.conftest import BILLS, FIRST, make_bill, write_csv

AGAIN = "撤回答复，重新核对"


def test_answers_are_taken_back_until_the_import_and_asked_again(desk):
    bills = {
        "5月.csv": write_csv(BILLS, [make_bill("B-1", "2024-05-09", 5_000, 2_000, name="吴南山")]),
        "6月.csv": write_csv(BILLS, [make_bill("A-1", "2024-06-09", 5_000, 2_000, name="郑东风")]),
    }
    desk.import_lists({"农户信息.csv": FIRST}, "2024-05-01")
    for name, content in bills.items():
        desk.upload({name: content}, "2024-06-15")
        desk.work()
        assert AGAIN not in desk.open("questions").text
        desk.post("/lists/answers", answer0="stranger")
        desk.work()
        assert "没有需要核对的人员" in desk.open("questions").text
    assert AGAIN in desk.last.text
    desk.post("/lists/answers", again="1", answer0="stranger")
    desk.work()
    page = desk.open("questions").text
    assert "郑东风" in page
    assert AGAIN not in page
    assert desk.read("SELECT count(*) FROM list_answers") == [(1,)], "answers for other lists stay"
    desk.post("/lists/answers", answer0="A-1", next="preview")
    desk.work()
    desk.post("/lists/next", step="import")
    desk.work()
    assert desk.read("SELECT household_id, self_paid FROM record_illness") == [("A", 2_000.0)]
    assert desk.post("/lists/answers", again="1").status_code == 409
    assert desk.read("SELECT count(*) FROM list_answers") == [(2,)]
