"""Households on which the model gives no verdict are explained by the rule line's flags and the records."""

from __future__ import annotations

import pytest

from riskml.explanation.household.county import ExplainedPanel
from riskml.explanation.household.rendering import render
from riskml.explanation.reasons.redaction import HEALTH_ZH

TABLES = ("illness", "disaster", "events", "help", "monitoring", "members")
SECRETS = ("住院", "自付", "大病", "90,000", "因病", "admission", "serious")


@pytest.fixture
def in_hardship(village):
    """Make a household above the line whose bill of 90,000 yuan leaves it below the line."""
    village.household(4, kind="exited").member(1, 1969, health="serious", labour="none").member(2, 1970)
    village.earns("2022-01", "2022-12", wage=5000).earns("2023-01", "2023-12", wage=3800)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=1, cost=182_000, self_paid=90_000)
    return village.has(*TABLES)


def list_texts(e):
    return [reason.zh for reason in e.reasons]


def test_hardship_is_explained_by_its_flags_and_what_is_known_about_the_illness(in_hardship, make_narrator):
    panel = in_hardship.panel()
    e = make_narrator(panel).explain(panel)
    assert (e.status, e.model) == ("in_hardship", None)
    assert list_texts(e) == [
        "一年内住院自付费用较大：90,000 元（标准 5,000 元）",
        "扣除合规自付支出后人均纯收入低于监测线：自付支出超过收入，人均超出 11,100 元/年（标准 8,300 元/人/年）",
        "近 12 个月住院 1 次",
        "登记有大病成员 1 人",
        "近 12 个月工资性收入 45,600 元，比上年同期少 14,400 元（下降 24%）",
    ]
    assert [reason.cause for reason in e.reasons] == ["illness", "other", "illness", "illness", "other"]
    assert "spending exceeds income by 11,100 yuan per head a year" in e.reasons[1].en
    assert "医疗救助" in [measure.zh for measure in e.options["illness"]]


def test_without_permission_nothing_is_revealed_about_the_illness(in_hardship, make_narrator):
    panel = in_hardship.panel()
    e = make_narrator(panel).explain(panel, redact=["health"])
    assert HEALTH_ZH in list_texts(e)
    assert any(text.startswith("近 12 个月工资性收入") for text in list_texts(e)), "facts about income remain"
    shown = "".join(reason.zh + reason.en for reason in e.reasons).replace("扣除合规自付支出后", "")
    assert not [word for word in SECRETS if word in shown]


@pytest.mark.parametrize(
    ("redact", "zh", "en"),
    [
        ((), "2023年9月纳入监测（边缘易致贫户：因病、因学）", "(borderline household: illness, schooling)"),
        (("health",), "2023年9月纳入监测（边缘易致贫户：健康原因、因学）", "(borderline household: health, schooling)"),
    ],
)
def test_a_monitored_households_first_reason_states_when_and_why_it_entered_monitoring(
    village, make_narrator, redact, zh, en
):
    village.household(3).earns("2023-01", "2023-12", wage=4200).has(*TABLES)
    village.add("monitoring", category="borderline", entered_on="2023-09-01", causes="illness;schooling")
    village.add("illness", kind="inpatient", occurred_on="2023-08-10", visits=2, self_paid=900)
    panel = village.panel()
    narrator = make_narrator(panel)
    e = narrator.explain(panel, redact=redact)
    assert (e.status, e.reasons[0].zh) == ("monitored", zh)
    assert en in e.reasons[0].en
    assert ("近 12 个月住院 2 次" in list_texts(e)) == (not redact)
    row = ExplainedPanel.build(narrator, panel).tabulate(frozenset(redact)).iloc[0]
    assert row["reasons_zh"].splitlines() == list_texts(e)
    assert row["causes"] == "illness;schooling"


def test_a_household_without_income_is_explained_by_its_flags(village, make_narrator):
    village.household(3).has(*TABLES).add("events", kind="job_loss", occurred_on="2023-08-15")
    panel = village.panel()
    e = make_narrator(panel).explain(panel)
    assert (e.status, list_texts(e)) == ("no_income", ["失业或务工中断 1 次（满 1 次即预警）"])


def test_without_the_models_verdict_facts_are_stated_but_not_compared_with_most_households(village, make_narrator):
    village.household(3).member(1, 1969, health="chronic").earns("2023-01", "2023-12", wage=4200).has(*TABLES)
    village.add("illness", kind="inpatient", occurred_on="2023-08-10", visits=3, self_paid=25_000)
    panel = village.panel()
    e = make_narrator(panel).explain(panel, silent=True)
    assert (e.status, e.model) == ("in_hardship" if e.status == "in_hardship" else "at_risk", None)
    assert "近 12 个月住院 3 次" in list_texts(e)
    assert "多数农户" not in "".join(list_texts(e))


@pytest.mark.parametrize(
    ("kind", "amount", "text"),
    [
        ("ordinary", 10_050.0, "单次住院自付费用较大：10,050 元（标准 10,000 元）"),
        ("exited", 7000.0, "一年内住院自付费用较大：7,000 元（标准 5,000 元）"),
        ("ordinary", 2000.0, "近 12 个月自付医疗费 2,000 元，相当于家庭年纯收入的 17%"),
        ("ordinary", 135.0, ""),
    ],
)
def test_each_amount_is_stated_once_and_a_small_amount_not_at_all(village, make_narrator, kind, amount, text):
    village.household(3, kind=kind).earns("2023-01", "2023-12", wage=1000).has(*TABLES)
    village.add("monitoring", category="borderline", entered_on="2023-03-01", causes="illness")
    village.add("illness", kind="inpatient", occurred_on="2023-08-10", visits=1, self_paid=amount)
    panel = village.panel()
    e = make_narrator(panel).explain(panel)
    assert e.status == "monitored"
    assert [zh for zh in list_texts(e) if "自付" in zh and "扣除" not in zh] == ([text] if text else [])


def test_a_negative_income_is_called_a_loss(village, make_narrator):
    village.household(3).earns("2023-01", "2023-12", business=-200).has(*TABLES)
    panel = village.panel()
    e = make_narrator(panel).explain(panel)
    assert list_texts(e)[0] == "家庭人均纯收入低于监测线：人均亏损 800 元/年（标准 8,300 元/人/年）"
    assert "a loss of 800 yuan per head a year (threshold 8,300" in e.reasons[0].en
    assert "近 12 个月人均纯收入为亏损 800 元，监测线 8,300 元，低 9,100 元" in render(e)
    assert "was a loss of 800 yuan" in render(e, "en")


def test_a_card_without_reasons_says_which_income_is_missing(village, make_narrator):
    panel = village.household(3).has(*TABLES).earns("2023-01", "2023-04", wage=4000).panel()
    e = make_narrator(panel).explain(panel)
    assert (e.status, e.reasons) == ("no_income", ())
    assert "近 8 个月无收入记录" in [gap.zh for gap in e.missing]
    assert "缺少或过时的信息：\n  - 近 8 个月无收入记录" in render(e)
