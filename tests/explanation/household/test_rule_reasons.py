"""Households on which the model gives no verdict are explained by the rule line's flags and the records."""

from __future__ import annotations

import pytest

from riskml.explanation.household.county import ExplainedPanel
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
        "扣除合规自付支出后人均纯收入低于监测线：-11,100 元/人/年（标准 8,300 元/人/年）",
        "近 12 个月住院 1 次",
        "近 12 个月自付医疗费 90,000 元，相当于家庭年纯收入的 2.0 倍",
        "登记有大病成员 1 人",
    ]
    assert [reason.cause for reason in e.reasons] == ["illness", "other", "illness", "illness", "illness"]
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


def test_without_the_models_verdict_flags_are_stated_but_no_comparison_with_most_households(village, make_narrator):
    village.household(3).member(1, 1969, health="chronic").earns("2023-01", "2023-12", wage=4200).has(*TABLES)
    village.add("illness", kind="inpatient", occurred_on="2023-08-10", visits=3, self_paid=25_000)
    panel = village.panel()
    e = make_narrator(panel).explain(panel, silent=True)
    assert (e.status, e.model) == ("in_hardship" if e.status == "in_hardship" else "at_risk", None)
    assert "近 12 个月住院 3 次" in list_texts(e)
    assert "多数农户" not in "".join(list_texts(e))
