"""The catalogue's sentences: all placeholders can be filled in, in both languages, and no sentence claims causation."""

from __future__ import annotations

import re

import numpy as np
import pytest

from riskml.explanation.wording.facts import FACTS, compute_stated_values
from riskml.explanation.wording.phrases import PHRASES, PhraseContext, describe_value
from riskml.explanation.wording.sentences import SentenceWriter, read_medians
from riskml.explanation.wording.templates import Slot, parse
from riskml.features import CATALOGUE, build

SPOKEN = {name: feature for name, feature in CATALOGUE.items() if feature.risky}


def list_slots(text):
    return {slot for part in text.split("|") for slot in parse(part).slots}


def test_every_fact_has_a_phrase():
    assert {fact.kind for fact in FACTS.values()} <= set(PHRASES)


@pytest.mark.parametrize("name", SPOKEN)
def test_a_sentence_states_known_facts_and_no_cause(name):
    feature = SPOKEN[name]
    assert feature.reason_zh
    assert feature.reason_en, "a Chinese sentence needs an English one"
    for text in (feature.reason_zh, feature.reason_en):
        assert text.count("|") <= 1
        assert text.count("[") == text.count("]")
        assert {slot.name for slot in list_slots(text)} <= set(FACTS)
        assert not re.search(r"导致|造成|引起|由于|因为|caus|because|due to|leads? to", text)
    assert list_slots(feature.reason_zh) - {Slot("yearly")} <= list_slots(feature.reason_en) | {
        Slot("value"),
        Slot("number"),
    }


def test_what_no_visitor_can_check_is_never_stated():
    silent = {name.removesuffix("_12m") for name in set(CATALOGUE) - set(SPOKEN)}
    assert silent >= {"mean_age", "months_since_exit", "months_since_visit", "months_since_report", "income_coverage"}
    assert silent >= {"income_volatility", "income_concentration", "exited_household", "household_size"}


def test_every_feature_of_a_household_has_words_in_both_languages(village, make_narrator):
    village.household(3).earns("2021-01", "2023-12", wage=900, business=400, transfer=50).member(1, 1980)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=1, cost=900, self_paid=500)
    village.add("disaster", kind="flood", occurred_on="2023-06-10", loss=800)
    village.add("disaster", household_id=None, region_code="1305", kind="flood", occurred_on="2023-06-10")
    village.add("events", kind="job_loss", occurred_on="2023-06-10").add(
        "events", kind="visit", occurred_on="2023-07-01"
    )
    village.add("help", started_on="2023-08-01", measure="低保", amount=300)
    village.add("monitoring", category="borderline", entered_on="2021-09-01", cleared_on="2022-05-01")
    panel = village.panel()
    narrator = make_narrator(panel)
    explained = narrator.explain_rows(panel, build(panel))
    values = narrator.bundle.blend.align(build(panel))[0]
    known = [j for j, f in enumerate(explained.grouping.features) if f.risky and not np.isnan(values[j])]
    assert len(known) > 80
    for j in known:
        for lang in ("zh", "en"):
            sentence = explained.writer.write(0, j, lang, risk=True)
            assert sentence
            assert not re.search(r"[{}|\[\]]|nan|None", sentence), sentence
            assert lang == "en" or not re.search(r"。$", sentence)
            assert lang == "zh" or sentence[0] == sentence[0].upper()


@pytest.mark.parametrize(
    ("bills", "zh", "en"),
    [
        ([(90_000, None)], "近 12 个月自付医疗费 90,000 元，相当于家庭年纯收入的 3.1 倍", "90,000 yuan, 3.1 times the"),
        (
            [(5000, None), (3000, None)],
            "近 12 个月自付医疗费 8,000 元，相当于家庭年纯收入的 28%",
            "8,000 yuan, 28% of the",
        ),
        ([(80, None)], "近 12 个月自付医疗费 80 元，不到家庭年纯收入的 1%", "80 yuan, less than 1% of the"),
        ([], "近 12 个月无自付医疗费记录", "No out-of-pocket medical spending is recorded"),
    ],
)
def test_medical_spending_is_given_in_yuan_and_relative_to_income(village, make_narrator, bills, zh, en):
    village.household(2).earns("2023-01", "2023-12", wage=2400).has("illness")
    for self_paid, cost in bills:
        village.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=1, cost=cost, self_paid=self_paid)
    panel = village.panel()
    explained = make_narrator(panel).explain_rows(panel, build(panel))
    j = [feature.name for feature in explained.grouping.features].index("self_paid_to_line_12m")
    assert explained.writer.write(0, j, "zh", risk=True) == zh
    assert en in explained.writer.write(0, j, "en", risk=True)


def test_an_unknown_comparison_is_left_out(village, make_narrator):
    village.household(2).earns("2023-01", "2023-12", wage=-100)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=1, self_paid=400)
    panel = village.panel()
    explained = make_narrator(panel).explain_rows(panel, build(panel))
    j = [feature.name for feature in explained.grouping.features].index("self_paid_to_line_12m")
    assert explained.writer.write(0, j, "zh", risk=True) == "近 12 个月自付医疗费 400 元"


def test_a_sentence_that_lacks_a_fact_names_the_feature_and_its_value(village):
    panel = village.household(2).earns("2023-01", "2023-12", wage=100).has("disaster").panel()
    loss = CATALOGUE["disaster_loss_to_line_12m"]
    writer = SentenceWriter(panel, [loss], np.array([[2.0]]), read_medians([loss], None))
    assert writer.write(0, 0, "zh", risk=True) == "近 12 个月灾害损失：2.0 倍"
    assert (
        writer.write(0, 0, "en", risk=True)
        == "Disaster losses per head relative to the line, last 12 months: 2.0 times"
    )


@pytest.mark.parametrize(
    ("kind", "numbers", "zh", "en"),
    [
        (
            "level",
            (8000.0, 8500.0, 12, 0),
            "近 12 个月人均纯收入 8,000 元，比监测线低 500 元（6%）",
            "income per head in",
        ),
        ("level", (8499.9, 8500.0, 12, 0), "近 12 个月人均纯收入 8,500 元，与监测线持平", "income per head in"),
        (
            "level",
            (-41376.0, 8500.0, 1, 0),
            "最近一个月经营亏损，人均 3,448 元",
            "the last month ended with a loss of 3,448",
        ),
        ("level", (-1200.0, 8500.0, 3, 0), "近 3 个月经营亏损，平均每月人均 100 元", "the last 3 months ended with a"),
        ("level", (-1200.0, 8500.0, 1, 19_722.0), "2023年12月经营亏损，人均 100 元", "December 2023 ended with a"),
        ("level", (0.0, 8500.0, 1, 0), "最近一个月没有收入", "there was no income in the last month"),
        ("change", (0.0, 0.0), " 0 元，与上年同期持平", "0 yuan, the same as in the same months a year before"),
        ("change", (-900.0, 500.0), "为亏损 900 元，比上年同期少 1,400 元", "a loss of 900 yuan, 1,400 yuan less than"),
        ("change", (1009.0, 1000.0), " 1,009 元，与上年同期持平", "1,009 yuan, the same as"),
        ("change", (500.0, -20.0), " 500 元，比上年同期多 520 元", "500 yuan, 520 yuan more than in the same months"),
        ("slope", (-42.0,), "呈下降走势，人均月收入平均每月减少约 42 元", "falling, by about 42 yuan per head"),
        ("month", (19_723.0,), " 2024年1月", "in January 2024"),
        ("yearly", (12.0,), "", ""),
        ("yearly", (3.0,), "按年计", "annualised"),
    ],
)
def test_numbers_are_put_into_phrases(kind, numbers, zh, en):
    context = PhraseContext(-0.06, "line", True, float("nan"))
    assert PHRASES[kind]("zh", context, *numbers) == zh
    assert PHRASES[kind]("en", context, *numbers).startswith(en)


@pytest.mark.parametrize(
    ("kind", "value", "zh"),
    [
        ("ago", 0.2, "不到半个月前"),
        ("ago", 5.4, " 5 个月前"),
        ("since_below", 0.0, "最近一个月低于监测线"),
        ("since_below", 7.0, "最近一次低于监测线在 7 个月前"),
    ],
)
def test_values_choose_their_phrases(kind, value, zh):
    assert PHRASES[kind]("zh", PhraseContext(value, "months", True, float("nan"))) == zh
    assert PHRASES[kind]("en", PhraseContext(value, "months", True, float("nan")))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.004, "share", "不到 1%"),
        (0.0, "share", "0%"),
        (1.5, "persons", "1.5 人"),
        (2.0, "line", "2.0 倍"),
        (-0.2, "line", "-20%"),
    ],
)
def test_values_are_put_into_words(value, unit, words):
    assert describe_value(value, unit, "zh") == words


def test_the_kind_of_disaster_is_stated_with_the_loss(village):
    village.household(3).earns("2022-01", "2023-12", wage=1500)
    village.add("disaster", kind="price_fall", occurred_on="2023-11-05", loss=4000)
    village.add("disaster", kind="flood", occurred_on="2023-07-05", loss=2000)
    village.add("disaster", kind="hail", occurred_on="2022-07-05", loss=900)
    panel = village.panel()
    feature = CATALOGUE["disaster_loss_to_line_12m"]
    writer = SentenceWriter(panel, (feature,), build(panel).column(feature.name)[:, None], [0.0])
    assert writer.write(0, 0, "zh", risk=True).startswith("近 12 个月灾害损失 6,000 元（洪涝、价格下跌）")
    assert "6,000 yuan (flood, price fall)" in writer.write(0, 0, "en", risk=True)


@pytest.mark.parametrize(
    ("wage", "risk", "zh"),
    [
        (2400, True, "近 12 个月人均纯收入 14,400 元，多数农户约为 16,600 元"),
        (2400, False, "近 12 个月人均纯收入 14,400 元，比监测线高 6,100 元（73%）"),
        (1000, True, "近 12 个月人均纯收入 6,000 元，比监测线低 2,300 元（28%）"),
    ],
)
def test_income_above_the_line_is_a_reason_only_in_comparison_with_most_households(village, wage, risk, zh):
    panel = village.household(2).earns("2023-01", "2023-12", wage=wage).panel()
    feature = CATALOGUE["log_income_to_line_12m"]
    writer = SentenceWriter(panel, (feature,), build(panel).column(feature.name)[:, None], [np.log(2.0)])
    assert writer.write(0, 0, "zh", risk=risk) == zh


@pytest.mark.parametrize(("median", "zh"), [(0.0, "（多数农户没有）"), (1.0, "（多数农户约为 1 次）"), (np.nan, "")])
def test_most_households_are_mentioned_only_if_the_median_is_known(village, median, zh):
    village.household(2).earns("2023-01", "2023-12", wage=1000)
    village.add("illness", kind="inpatient", occurred_on="2023-09-10", visits=3)
    panel, feature = village.panel(), CATALOGUE["admissions_12m"]
    writer = SentenceWriter(panel, (feature,), build(panel).column(feature.name)[:, None], [median])
    assert writer.write(0, 0, "zh", risk=True) == f"近 12 个月住院 3 次{zh}"


def write_all(panel, lang):
    """Write the sentence of each feature of income that has one, for a panel of one household."""
    features = [feature for feature in SPOKEN.values() if feature.topic == "income"]
    values = np.array([[build(panel).column(feature.name)[0] for feature in features]])
    writer = SentenceWriter(panel, features, values, [float("nan")] * len(features))
    written = {
        f.name: writer.write(0, j, lang, risk=True) for j, f in enumerate(features) if not np.isnan(values[0, j])
    }
    return written, dict(
        zip((f.name for f in features), compute_stated_values(panel, features, values)[0], strict=True)
    )


def test_a_change_of_the_line_is_not_stated_as_a_change_of_income(village):
    panel = village.household(2).earns("2021-01", "2023-12", wage=1000).panel("2023-06-30")
    assert panel.line[0, 0] > panel.line[11, 0], "the line rose within the last 12 months"
    names = ("income_recent_change", "income_trend_6m", "income_trend_12m", "income_trend_24m")
    assert all(build(panel).column(name)[0] < 0 for name in ("income_recent_change", "income_trend_12m"))
    assert {write_all(panel, "zh")[1][name] for name in names} == {0.0}


def test_recent_changes_are_stated_in_yuan_as_received(village):
    village.household(2).earns("2022-10", "2023-03", wage=1000).earns("2023-04", "2023-06", wage=600)
    texts, stated = write_all(village.panel("2023-06-30"), "zh")
    assert texts["income_recent_change"] == "近 3 个月人均收入按年计比近 12 个月平均低 1,600 元"
    assert stated["income_recent_change"] == -1600
    assert texts["income_trend_6m"] == "近 6 个月收入呈下降走势，人均月收入平均每月减少约 51 元"


def test_a_period_that_ended_before_the_date_is_given_with_its_end(village):
    village.household(2).states(2021, wage=24_000, business=0).states(2022, wage=18_000, business=0)
    panel = village.panel("2023-06-30", income_age=18)
    texts, english = write_all(panel, "zh")[0], write_all(panel, "en")[0]
    assert texts["wage_change_on_year_12m"] == (
        "截至 2022年9月，近 12 个月工资性收入 18,000 元，比上年同期少 6,000 元（下降 25%）"
    )
    assert english["wage_change_on_year_12m"].startswith("As of September 2022, wage income in the last 12 months was")
    assert texts["log_latest_income_to_line"] == texts["log_income_to_line_12m"], "no month has an income of its own"
    assert texts["log_latest_income_to_line"].startswith("截至 2022年9月，近 12 个月人均纯收入 9,000 元，")
    village.earns("2022-10", "2022-10", wage=700, business=0)
    later = write_all(village.panel("2023-06-30", income_age=18), "zh")[0]
    assert later["log_latest_income_to_line"].startswith("2022年10月人均纯收入按年计 4,200 元，")
    for name, text in texts.items():
        assert ("近 " in text) <= text.startswith("截至 2022年9月，"), name
    assert not any("截至 2" in text for text in write_all(village.panel("2022-09-30"), "zh")[0].values())
