"""Staff open a household from the list and record a finding, which changes the list; attacks through free text fail."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook


def list_codes(site, query=""):
    return re.findall(r'href="/households/([^"?]+)"', site.get(f"/worklist{query}").text)


def test_a_finding_takes_a_household_off_the_list_and_undoing_it_brings_the_household_back(site):
    site.sign_in("township")
    household = list_codes(site)[0]
    assert site.verify(household, outcome="rejected").headers["location"].endswith("?done=verified#verification")
    assert household not in list_codes(site)
    assert household in list_codes(site, "?state=settled")
    page = site.get(f"/households/{household}").text
    assert "不属实" in page
    undo = re.search(r'action="(/households/[^"]+/undo)".*?name="once" value="([^"]+)"', page, re.DOTALL)
    assert site.post(undo[1], csrf=site.token(page), once=undo[2]).status_code == 303
    assert household in list_codes(site)
    assert "household.verify.undo" in site.actions()


@pytest.mark.parametrize("outcome", ["pending", "not_met"])
def test_a_household_stays_on_the_list_if_nobody_was_met_or_the_finding_is_pending(site, outcome):
    site.sign_in("township")
    household = list_codes(site)[0]
    site.verify(household, outcome=outcome)
    assert household in list_codes(site)


def test_a_more_severe_signal_after_a_finding_brings_a_household_back_with_a_new_deadline(site):
    site.sign_in("township")
    household = list_codes(site, "?signal=yellow")[0]
    site.verify(household, outcome="rejected")
    assert household not in list_codes(site)
    copied = ", ".join(column for column in site.columns("scores") if column not in ("seq", "as_of", "signal"))
    site.change(
        f"INSERT INTO scores (as_of, signal, {copied}) SELECT '2023-06-30', 3, {copied} FROM scores "
        "WHERE household_id = :h ORDER BY seq DESC LIMIT 1",
        h=household,
    )
    last = "(SELECT max(seq) FROM scores)"
    site.change(
        f"UPDATE current_scores SET signal = 3, order_signal = -3, order_section = 0, order_rank = -1e6, seq = {last} "
        "WHERE household_id = :h",
        h=household,
    )
    assert list_codes(site)[0] == household
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{household}.*?</tr>", site.get("/worklist").text, re.DOTALL)[0]
    assert "2023-06-30</span> 起" in row, "it has been waiting since the signal became more severe"
    assert "已逾期" not in row
    page = site.get(f"/households/{household}").text
    assert re.search(r'信号起始</dt><dd><span class="day">2023-06-30', page)
    assert not re.search(r"走访期限</dt><dd>(?:(?!</dd>).)*已办", page), (
        "the earlier visit does not meet the new deadline"
    )
    site.verify(household, outcome="confirmed")
    page = site.get(f"/households/{household}").text
    assert re.search(r"走访期限</dt><dd>(?:(?!</dd>).)*已办", page)
    assert not re.search(r"落实帮扶责任人期限</dt><dd>(?:(?!</dd>).)*已办", page)
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    site.post(f"/households/{household}/assignments", csrf=site.token(page), once=once, assignee="王")
    assert re.search(r"落实帮扶责任人期限</dt><dd>(?:(?!</dd>).)*已办", site.get(f"/households/{household}").text)


def test_a_finding_can_be_undone_only_by_its_author_and_only_on_the_same_day(site):
    site.sign_in("village")
    household = list_codes(site)[0]
    site.verify(household)
    (path,) = re.findall(r'action="([^"]+/undo)"', site.get(f"/households/{household}").text)
    assert "/verifications/1/" not in path, "the address must not reveal how many verifications there are"
    site.client.cookies.clear()
    site.sign_in("township")
    page = site.get(f"/households/{household}").text
    assert "/undo" not in page
    assert site.post(path, csrf=site.token(page), once="z" * 20).status_code == 404
    site.client.cookies.clear()
    site.sign_in("village")
    site.change("UPDATE verifications SET recorded_on = '2023-06-29'")
    page = site.get(f"/households/{household}").text
    assert "/undo" not in page
    assert site.post(path, csrf=site.token(page), once="z" * 20).status_code == 404


def test_a_form_sent_twice_counts_once_and_is_rejected_with_different_content(site):
    site.sign_in("village")
    household = list_codes(site)[0]
    page = site.get(f"/households/{household}").text
    sent = {"csrf": site.token(page), "once": "one-form-of-this-page", "outcome": "confirmed", "note": "a"}
    path = f"/households/{household}/verifications"
    assert [site.post(path, **sent).status_code for _ in range(3)] == [303] * 3
    again = site.post(path, **{**sent, "note": "b"})
    assert again.status_code == 403
    assert "未重复保存" in again.text
    assert site.rows("SELECT count(*) FROM verifications") == [(1,)]
    assert "answer.repeated" not in site.actions(), "sending the form again shows no stored response"


def test_a_form_with_a_mistake_keeps_the_entered_values(site):
    site.sign_in("village")
    household = list_codes(site)[0]
    answer = site.verify(household, outcome="", note="房屋漏雨", verified_on="2099-01-01", causes=["housing"])
    assert answer.status_code == 422
    assert "请选择核实结果" in answer.text
    assert "不晚于今天" in answer.text
    assert "房屋漏雨</textarea>" in answer.text
    assert re.search(r'value="housing" checked', answer.text)
    assert not site.rows("SELECT 1 FROM verifications")


def test_fields_that_the_page_hides_for_a_finding_do_not_count(site):
    """A browser sends what was chosen before the finding was changed to one that hides it."""
    site.sign_in("village")
    household, hidden = list_codes(site)[0], {"category": "borderline", "causes": ["housing"], "measures": ["临时救助"]}
    assert site.verify(household, outcome="not_met", **hidden).status_code == 303
    assert site.rows("SELECT outcome, category, causes, measures FROM verifications") == [("not_met", None, "", "")]


def test_an_assignment_without_a_name_keeps_the_handover_note(site):
    site.sign_in("county")
    household = list_codes(site)[0]
    page = site.get(f"/households/{household}").text
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    path = f"/households/{household}/assignments"
    answer = site.post(path, csrf=site.token(page), once=once, assignee="  ", handover='院墙漏雨,"急"')
    assert answer.status_code == 422
    assert "请填写责任人" in answer.text
    assert 'name="handover" value="院墙漏雨,&#34;急&#34;"' in answer.text
    assert not site.rows("SELECT 1 FROM assignments")


def test_too_long_input_is_rejected_next_to_its_field_and_nothing_is_lost(site):
    site.sign_in("village")
    household = list_codes(site)[0]
    note, objection, measure = "漏" * 4001, "异" * 1001, "修" * 101
    answer = site.verify(household, note=note, objection=objection, measures=["临时救助", measure], causes=["housing"])
    assert answer.status_code == 422
    for message in ("备注不超过 4000 字", "农户异议不超过 1000 字", "措施过多，或某项名称过长"):
        assert message in answer.text
    for field in ("日期应写作", "请选择核实结果", "请从列表中选择"):
        assert field not in answer.text
    assert f"{note}</textarea>" in answer.text
    assert f"{objection}</textarea>" in answer.text
    for value in ("confirmed", "housing", "临时救助", measure):
        assert re.search(rf'value="{value}"[^>]* checked', answer.text), value
    assert not site.rows("SELECT 1 FROM verifications")


def test_choices_that_the_form_does_not_offer_are_rejected(site):
    site.sign_in("village")
    answer = site.verify(list_codes(site)[0], category="rich", causes=["weather"], verified_on="20230101")
    assert answer.status_code == 422
    for message in ("请从列表中选择监测类别", "请从列表中选择风险原因", "日期应写作"):
        assert message in answer.text
    assert not site.rows("SELECT 1 FROM verifications")


def test_an_assignment_that_is_too_long_is_rejected_and_stays_in_the_form(site):
    site.sign_in("county")
    household = list_codes(site)[0]
    page = site.get(f"/households/{household}").text
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    sent = {"assignee": "王" * 61, "handover": "院" * 501}
    answer = site.post(f"/households/{household}/assignments", csrf=site.token(page), once=once, **sent)
    assert answer.status_code == 422
    assert "请填写责任人，不超过 60 字" in answer.text
    assert "交接说明不超过 500 字" in answer.text
    for name, value in sent.items():
        assert f'name="{name}" value="{value}"' in answer.text
    assert not site.rows("SELECT 1 FROM assignments")


def test_user_input_is_shown_as_text_and_never_as_markup_or_a_formula(site):
    site.sign_in("county")
    household = list_codes(site)[0]
    attack = "<script>alert(1)</script>"
    site.verify(household, note=attack, objection=f'"><img src=x onerror=alert(1)>{attack}', measures="=1+1")
    page = site.get(f"/households/{household}").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    once = re.search(r'name="once" value="([^"]+-a)"', page).group(1)
    formula = '=HYPERLINK("http://evil.example")'
    path = f"/households/{household}/assignments"
    site.post(path, csrf=site.token(page), once=once, assignee=formula, handover="@SUM(1)")
    for export in ("/worklist.xlsx?state=all", f"/households/{household}/export.xlsx"):
        book = load_workbook(io.BytesIO(site.get(export).content))
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        texts = [cell.value for cell in cells if isinstance(cell.value, str)]
        assert not [text for text in texts if text[:1] in "=+-@\t\r"]
        assert any("=1+1" in text or "HYPERLINK" in text for text in texts), "the formula is kept as text"
    assert "<script" not in re.sub(r"<script src=[^>]*>", "", site.get(f"/worklist?q={attack}").text)


def test_a_household_beyond_the_visit_capacity_is_not_shown_as_free_of_risk(site):
    site.sign_in("county")
    household = site.rows("SELECT household_id FROM current_scores WHERE tier > 0 ORDER BY household_id")[0][0]
    for agreement, words in (
        ("rule_only", "已触发监测线规则的预警条件；模型也提示风险，但未排入全县走访名额"),
        ("model_only", "未触发监测线规则的预警条件，模型判断风险较高"),
    ):
        change = "UPDATE current_scores SET agreement = :a, agreement_by = 'capacity' WHERE household_id = :h"
        site.change(change, a=agreement, h=household)
        assert words in site.get(f"/households/{household}").text
        export = load_workbook(io.BytesIO(site.get(f"/households/{household}/export.xlsx").content))
        assert any(words in str(row[1]) for row in export.worksheets[0].iter_rows(min_row=3, values_only=True))


def test_the_second_of_two_writers_sees_what_the_first_saved_and_decides_knowingly(site):
    site.sign_in("township")
    household = site.households(site.world.regions["village"])[0]
    seen = re.search(r'name="seen" value="([^"]+)"', site.get(f"/households/{household}").text)[1]
    site.verify(household, outcome="pending", note="镇里看过")
    refused = site.verify(household, outcome="rejected", reason="affordable", note="县里问过", seen=seen)
    assert refused.status_code == 409
    form = refused.text[refused.text.index('id="finding"') :]
    for words in (
        "他人刚刚登记了核实结果",
        "需再次核实",
        "镇里看过",
        'value="affordable" selected',
        ">县里问过</textarea>",
    ):
        assert words in form, words
    assert len(site.rows("SELECT 1 FROM verifications")) == 1, "nothing is saved before the second writer decides"
    fields = dict(re.findall(r'name="(once|seen)" value="([^"]+)"', form))
    again = site.verify(household, outcome="rejected", reason="affordable", note="县里问过", **fields)
    assert again.status_code == 303
    assert [row[0] for row in site.rows("SELECT outcome FROM verifications ORDER BY verification_id")] == [
        "pending",
        "rejected",
    ]


def test_a_closed_household_takes_a_finding_only_while_a_clue_is_open(site):
    site.sign_in("county")
    household = site.households(site.world.regions["village"])[0]
    page = site.get("/clues/new").text
    once = re.search(r'name="once" value="([^"]+-c)"', page)[1]
    clue = {"q": household, "what": "job_loss", "channel": "hotline"}
    site.post("/clues/new", csrf=site.token(page), once=once, **clue)
    site.change("UPDATE households SET closed_on = '2023-06-30' WHERE household_id = :h", h=household)
    assert "线索尚未办结" in site.get(f"/households/{household}").text
    site.verify(household, outcome="rejected", told_on="2023-06-30")
    page = site.get(f"/households/{household}").text
    assert "仅供查阅" in page
    assert 'id="finding"' not in page
    assert "已办结" in site.get("/clues").text
