"""Rows that report the same event give one record: repeats add nothing, corrections correct, reversals withdraw."""

from __future__ import annotations

from datetime import date

import pytest

from riskml.lists.events import Claim
from riskml.lists.repeats import Ledger
from riskml.lists.row_reader import PUBLIC_WORK, Entry

DAY = date(2024, 3, 5)


def bill(cost, self_paid, *, person="p1", day=DAY, kind="inpatient", number=None, precision="day", named=(), sign=""):
    values = {"occurred_on": day, "kind": kind, "visits": None, "cost": cost, "self_paid": self_paid}
    return Claim(Entry("illness", values, "person", precision, number, sign=sign), "h1", person, named)


def wage(amount, *, person="p1", month=date(2024, 5, 1), months=1, employer=None, sign=""):
    values = {"period_start": month, "months": months, "source": "wage", "amount": amount}
    return Claim(Entry("income", values, "person", "month", employer, sign=sign), "h1", person)


def allowance(month, amount=None, *, ended_on=None, household="h1", sign=""):
    started_on = ended_on or date(2024, month, 1)
    values = {"started_on": started_on, "ended_on": ended_on, "measure": "低保", "amount": amount, "per": "month"}
    return Claim(Entry("help", values, "household", "month", sign="ends" if ended_on else sign), household, None)


def relief(amount, day=DAY, person="p1"):
    values = {"started_on": day, "ended_on": None, "measure": "临时救助", "amount": amount, "per": None}
    return Claim(Entry("help", values, "person", sign="reverses" if amount < 0 else ""), "h1", person)


def settle(*lists):
    ledger = Ledger()
    return [ledger.settle(claims) for claims in lists]


def list_outcomes(settled):
    return [done.outcome for done in settled]


def test_a_row_of_an_earlier_list_adds_nothing_and_keeps_its_number():
    first, second = settle([bill(100, 40), bill(200, 80)], [bill(200, 80), bill(100, 40), bill(50, 9)])
    assert list_outcomes(second) == ["repeated", "repeated", "taken"]
    numbers = [done.event.record_id for done in (*first, *second)]
    assert numbers[:2] == [numbers[3], numbers[2]]
    assert len(set(numbers)) == 3


def test_aid_that_comes_later_corrects_what_was_paid():
    first, second = settle([bill(100, 40)], [bill(100, 20)])
    assert (second[0].outcome, second[0].reason) == ("taken", "corrects")
    assert second[0].event is first[0].event
    assert second[0].event.values["self_paid"] == 20


@pytest.mark.parametrize("back", [DAY, date(2024, 3, 20)])
def test_money_that_is_sent_back_and_paid_again_counts_once(back):
    again = relief(1000, date(2024, 3, 28))
    for lists in ([[relief(1000), relief(-1000, back), again]], [[relief(1000)], [relief(-1000, back), again]]):
        done = [one for settled in settle(*lists) for one in settled]
        events = {one.event.record_id: one.event for one in done}
        assert [event.values["amount"] for event in events.values() if not event.withdrawn] == [1000]
        assert {one.outcome for one in done} == {"taken"}
    assert settle([relief(-1000)])[0][0] == ("refused", "negative", None, None, ())


def test_the_wage_of_a_year_does_not_correct_that_of_its_first_month():
    first, second = settle([wage(3000)], [wage(40_000, months=12)])
    assert (second[0].outcome, second[0].reason) == ("taken", "")
    assert second[0].event.record_id != first[0].event.record_id


def test_another_bill_of_the_same_day_in_a_later_list_is_another_event():
    _, second = settle([bill(100, 40, kind="outpatient")], [bill(70, 30, kind="outpatient")])
    assert (second[0].outcome, second[0].reason) == ("taken", "")


@pytest.mark.parametrize("later", [bill(110, 44), bill(0, 0), bill(0, None, kind="outpatient")])
def test_another_stay_from_the_same_day_or_a_bill_of_zero_becomes_a_question(later):
    _, second = settle([bill(100, 40), bill(9, 4, kind="outpatient")], [later])
    assert (second[0].outcome, second[0].reason) == ("ask", "may_replace")


def test_a_bill_marked_as_a_correction_replaces_the_only_one_of_its_day():
    first, second = settle([bill(100, 40), bill(90, 9, person="p2")], [bill(110, 44, sign="corrects")])
    assert (second[0].outcome, second[0].event) == ("taken", first[0].event)
    assert (first[0].event.values["cost"], first[0].event.values["self_paid"]) == (110, 44)
    (alone,) = settle([bill(110, 44, sign="corrects")])
    assert (alone[0].outcome, alone[0].reason) == ("taken", "")
    (here,) = settle([bill(110, 44, sign="corrects"), bill(100, 40)])
    assert [done.reason for done in here] == ["corrects", ""]
    assert (here[0].event, here[1].event.values["cost"]) == (here[1].event, 110)


def test_a_bill_of_zero_that_is_marked_as_refunded_withdraws_the_only_one_of_its_day():
    first, second = settle([bill(100, 40)], [bill(0, 0, sign="reverses")])
    assert (second[0].reason, first[0].event.withdrawn) == ("withdraws", True)
    _, several = settle([bill(100, 40), bill(50, 20)], [bill(None, None, sign="reverses")])
    assert (several[0].outcome, several[0].reason) == ("ask", "may_correct_several")
    (nothing,) = settle([bill(100, 40, day=date(2024, 3, 6)), bill(0, 0, sign="reverses")])
    assert (nothing[1].outcome, nothing[1].reason) == ("refused", "negative")


def test_in_a_cumulative_list_the_bill_that_replaces_an_unrepeated_one_corrects_it():
    first, second = settle([bill(100, 40), bill(300, 90, person="p2")], [bill(300, 90, person="p2"), bill(110, 44)])
    assert list_outcomes(second) == ["repeated", "taken"]
    assert second[1].event is first[0].event


def test_several_rows_that_may_correct_one_record_become_questions():
    _, second = settle([bill(100, 40)], [bill(100, 20), bill(100, 30)])
    assert list_outcomes(second) == ["ask", "ask"]


def test_the_same_row_twice_in_a_list_counts_once():
    (first,) = settle([bill(100, 40), bill(100, 40), bill(100, 35)])
    assert list_outcomes(first) == ["taken", "repeated", "ask"]


def test_settlement_numbers_distinguish_equal_bills_and_connect_corrections():
    first, second = settle(
        [bill(100, 40, number="J1"), bill(100, 40, number="J2")],
        [bill(90, 30, number="J2"), bill(100, 40, number="J1")],
    )
    assert list_outcomes(first) == ["taken", "taken"]
    assert (second[0].outcome, second[0].event) == ("taken", first[1].event)
    assert list_outcomes(second[1:]) == ["repeated"]


def test_a_reversal_in_the_same_list_nets_the_bill():
    (first,) = settle([bill(100, 40), bill(-100, -40)])
    assert first[0].event is first[1].event
    assert first[1].columns == {"occurred_on": DAY, "kind": "inpatient", "withdrawn": True}
    assert first[0].event.withdrawn


def test_a_reversal_of_an_earlier_bill_may_have_a_different_day():
    first, second = settle([bill(100, 40), bill(80, 40)], [bill(-100, -40, day=date(2024, 4, 9))])
    assert second[0].event is first[0].event
    assert second[0].outcome == "taken"


def test_a_bill_that_is_reversed_and_billed_again_counts_once():
    (first,) = settle([bill(100, 40), bill(-100, -40), bill(100, 40)])
    assert list_outcomes(first) == ["taken", "nothing", "repeated"]
    assert not first[0].event.withdrawn


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
@pytest.mark.parametrize("sign", ["", "corrects"])
def test_a_bill_that_is_reversed_and_settled_again_counts_with_its_new_amounts(order, sign):
    rows = [bill(100, 40), bill(-100, -40), bill(100, 35, sign=sign)]
    (first, later) = settle([rows[i] for i in order], [rows[i] for i in order])
    old, reversal, new = (first[order.index(i)] for i in range(3))
    assert [old.event.withdrawn, new.event.withdrawn, new.event.values["self_paid"]] == [True, False, 35]
    assert reversal.event is old.event
    assert list_outcomes(later) == ["repeated"] * 3


def test_a_bill_of_an_earlier_list_that_is_reversed_and_settled_again_counts_with_its_new_amounts():
    first, second = settle([bill(100, 40)], [bill(100, 35), bill(-100, -40)])
    assert first[0].event.withdrawn
    assert (second[0].reason, second[0].event.withdrawn, second[0].event.values["self_paid"]) == ("", False, 35)


def test_a_reversal_after_a_correction_in_the_same_list_withdraws_it():
    first, second = settle([bill(100, 40)], [bill(100, 35), bill(-100, -35)])
    assert first[0].event.withdrawn
    assert [done.event for done in second] == [first[0].event] * 2


def test_the_number_of_a_reversal_may_be_the_number_of_the_bill_with_a_mark_or_its_own():
    bills = [bill(100, 40, number="44031234567890"), bill(100, 40, number="44031234567891")]
    first, second = settle(bills, [bill(-100, -40, number="44031234567891C")])
    assert (second[0].reason, second[0].event) == ("withdraws", first[1].event)
    first, second = settle(bills[:1], [bill(-100, -40, number="99887766554433")])
    assert second[0].event is first[0].event
    _, second = settle(bills, [bill(-100, -40, number="99887766554433")])
    assert (second[0].outcome, second[0].reason) == ("ask", "may_correct_several")


@pytest.mark.parametrize("refund", [bill(-20, -10), bill(-20, -10, number="C44031234567890")])
def test_a_partial_refund_becomes_a_question(refund):
    _, second = settle([bill(100, 40, number="44031234567890")], [refund])
    assert (second[0].outcome, second[0].reason) == ("ask", "partly_reversed")


def test_a_reversal_that_a_later_list_repeats_adds_nothing():
    _, second = settle([bill(100, 40), bill(-100, -40)], [bill(100, 40), bill(-100, -40)])
    assert list_outcomes(second) == ["repeated", "repeated"]


def test_a_reversed_bill_counts_again_if_a_later_list_has_it_without_the_reversal():
    _, second = settle([bill(100, 40), bill(-100, -40)], [bill(100, 40)])
    assert list_outcomes(second) == ["taken"]
    assert not second[0].event.withdrawn


@pytest.mark.parametrize("rows", [[bill(-100, -40)], [bill(100, 40, person="p2"), bill(-100, -40)]])
def test_a_reversal_of_nothing_is_refused(rows):
    (settled,) = settle(rows)
    assert (settled[-1].outcome, settled[-1].reason) == ("refused", "negative")


def test_a_bill_of_a_household_and_of_its_member_are_one():
    first, second = settle([bill(100, 40, person=None)], [bill(100, 40, person="p1"), bill(100, 40, person="p2")])
    assert second[0].event is first[0].event
    assert second[1].event is not first[0].event


def test_bills_of_members_whose_household_alone_is_certain_are_distinguished_by_their_names():
    child, parent = bill(100, 40, person=None, named=("p2", "p4")), bill(100, 40)
    first, second = settle([child, parent], [parent, child, bill(100, 40, person="p2")])
    assert list_outcomes(first) == ["taken", "taken"]
    assert list_outcomes(second) == ["repeated"] * 3
    assert second[2].event is first[0].event


def test_a_month_and_a_day_in_it_may_be_one_event():
    first, second = settle([bill(100, 40, day=date(2024, 3, 1), precision="month")], [bill(100, 40)])
    assert second[0].event is first[0].event
    assert second[0].event.day == DAY


def test_a_later_wage_of_the_month_corrects_and_a_second_one_in_the_list_adds():
    others = wage(900, person="p2")
    first, second = settle([wage(2000), others], [wage(2600), others])
    assert second[0].event is first[0].event
    (both,) = settle([wage(2000), wage(900)])
    assert both[0].event is not both[1].event


def test_a_person_dies_once():
    def death(day):
        return Claim(Entry("events", {"occurred_on": day, "kind": "death", "amount": None}), "h1", "p1")

    first, second = settle([death(date(2024, 4, 30))], [death(date(2024, 5, 2))])
    assert second[0].event is first[0].event


def test_numbers_depend_only_on_the_lists():
    one, other = (settle([bill(100, 40), bill(60, 40, person="p2")])[0] for _ in range(2))
    assert [done.event.record_id for done in one] == [done.event.record_id for done in other]


def test_monthly_lists_of_payments_continue_one_allowance():
    def pay(month, amount):
        values = {"started_on": date(2024, month, 1), "ended_on": None, "measure": "低保", "amount": amount}
        return Claim(Entry("help", values, "household", "month", continuing=True), "h1", None)

    first, second, third = settle([pay(5, 600)], [pay(6, 600)], [pay(7, 640)])
    assert [done.outcome for done in (*first, *second, *third)] == ["taken", "repeated", "taken"]
    assert third[0].event is first[0].event
    assert third[0].event.day == date(2024, 5, 1)


def test_an_equal_bill_under_an_unknown_kind_is_the_same_bill():
    first, second = settle([bill(100, 40, kind="chronic")], [bill(100, 40, kind="other"), bill(70, 40)])
    assert list_outcomes(second) == ["repeated", "taken"]
    assert first[0].event.values["kind"] == "chronic"


def test_wages_of_different_jobs_add_up_and_doubtful_ones_become_questions():
    def settle_second(employer, other):
        first, second = settle([wage(3000, employer=employer)], [wage(750, employer=other)])
        return second[0].outcome, second[0].reason or second[0].event is first[0].event

    assert settle_second(None, None) == settle_second("某鞋厂", None) == ("ask", "second_wage")
    assert settle_second("某鞋厂", "某餐馆") == settle_second(None, PUBLIC_WORK) == ("taken", False)
    assert settle_second("某鞋厂", "某鞋厂") == settle_second(PUBLIC_WORK, PUBLIC_WORK) == ("taken", "corrects")


def test_one_wage_under_two_spellings_of_the_employer_counts_once():
    first, second, third = settle(
        [wage(3000, employer="某鞋厂")], [wage(3000, employer="某鞋业公司")], [wage(3000, employer="某鞋厂有限公司")]
    )
    assert first[0].event is second[0].event is third[0].event


def test_rolls_of_several_months_are_one_allowance():
    july, august = settle([allowance(7, 600)], [allowance(8, 600)])
    assert (august[0].outcome, august[0].event) == ("repeated", july[0].event)
    july, august, earlier = settle([allowance(7, 600)], [allowance(8, 650)], [allowance(3, 650)])
    assert august[0].reason == earlier[0].reason == "corrects"
    assert (july[0].event.values["amount"], july[0].event.day) == (650, date(2024, 3, 1))
    (both,) = settle([allowance(7, 600), allowance(8, 650)])
    assert both[1].event is both[0].event


def test_the_end_of_an_allowance_ends_the_one_that_runs():
    roll, gone, again = settle(
        [allowance(3, 600)], [allowance(6, ended_on=date(2024, 6, 1))], [allowance(9, 500), allowance(9, 500)]
    )
    assert gone[0].event is roll[0].event
    assert roll[0].event.values["ended_on"] == date(2024, 6, 1)
    assert gone[0].columns["amount"] == 600
    assert again[0].event is not roll[0].event
    ((nobody,),) = settle([allowance(6, ended_on=date(2024, 6, 1))])
    assert (nobody.outcome, nobody.reason) == ("ask", "none_runs")


def test_a_void_row_withdraws_what_an_earlier_list_said_and_adds_nothing_otherwise():
    (alone,) = settle([allowance(7, 600, sign="void")])
    assert (alone[0].outcome, alone[0].reason) == ("nothing", "void")
    _, gone, later = settle([wage(3000)], [wage(3000, sign="void")], [wage(3000, sign="void")])
    assert (gone[0].outcome, gone[0].reason) == ("taken", "withdraws")
    assert gone[0].columns.get("amount") is None
    assert later[0].outcome == "nothing"
    _, copy = settle([wage(3000)], [wage(3000), wage(3000, sign="void")])
    assert list_outcomes(copy) == ["repeated", "nothing"]


def test_a_row_with_a_claim_that_becomes_a_question_adds_nothing_and_does_not_affect_other_rows():
    september, october, november = (date(2024, month, 1) for month in (9, 10, 11))
    ledger = Ledger()
    ledger.settle_rows([wage(3000, month=september), wage(3100, month=october)], [0, 0])
    other = [wage(3500, month=october), wage(3600, month=november)]
    second = ledger.settle_rows(other, [0, 0])
    assert [(done.outcome, done.reason) for done in second] == [("ask", "second_wage")] * 2
    assert list_outcomes(ledger.settle_rows([*other, wage(3600, month=november)], [0, 0, 1])) == ["ask", "ask", "taken"]
    known = ledger.settle_rows([wage(3100, month=october), wage(3600, month=november)], [0, 0])
    assert list_outcomes(known) == ["repeated", "repeated"]


def test_equal_bills_of_different_kinds_are_two_in_one_list_and_a_question_across_lists():
    chronic, visit, unknown = (bill(200, 80, kind=kind) for kind in ("chronic", "outpatient", "other"))
    first, again = settle([chronic, visit], [chronic, visit])
    assert list_outcomes(first) == ["taken", "taken"]
    assert first[0].event is not first[1].event
    assert list_outcomes(again) == ["repeated", "repeated"]
    _, later = settle([chronic], [visit])
    assert (later[0].outcome, later[0].reason) == ("ask", "may_replace")
    _, both = settle([chronic], [chronic, visit])
    assert list_outcomes(both) == ["repeated", "taken"]
    _, named = settle([unknown], [visit])
    assert (named[0].outcome, named[0].reason) == ("taken", "corrects")
