"""The explanation of one household: both verdicts, missing records, what to verify, and what must be hidden."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from riskml.errors import UsageError
from riskml.explanation import NOTICE, Narrator
from riskml.explanation.household.missing import find_missing
from riskml.explanation.household.rendering import render
from riskml.explanation.reasons.checklist import STEPS_MISSING, choose_steps
from riskml.explanation.reasons.redaction import concerns_health
from riskml.features import CATALOGUE, build
from riskml.policy import apply_rule_line, load_policy
from riskml.vocabulary.causes import CAUSES, HEALTH_CAUSES

TABLES = ("illness", "disaster", "events", "help", "monitoring")


@pytest.fixture
def ill(village):
    """Make a household above the line with two patients, a disability, a 12,345 yuan bill and a lost job."""
    village.household(3).earns("2022-01", "2022-12", wage=4200).earns("2023-01", "2023-12", wage=3200)
    village.member(1, 1970, health="serious", labour="none").member(2, 1972, health="disabled", labour="weak")
    village.member(3, 1999, working="migrant")
    village.add("illness", kind="inpatient", occurred_on="2023-03-10", visits=1, cost=30_000, self_paid=12_345)
    village.add("illness", kind="chronic", occurred_on="2023-11-10", visits=2)
    village.add("events", kind="job_loss", occurred_on="2023-08-15").add(
        "events", kind="disability", occurred_on="2023-02-01"
    )
    return village.has(*TABLES)


def test_an_explanation_holds_both_verdicts_and_sums_to_the_margin(ill, make_narrator):
    panel = ill.panel()
    narrator = make_narrator(panel)
    e = narrator.explain(panel)
    model = e.model
    assert model.base + sum(model.contributions.values()) == pytest.approx(model.margin, abs=1e-9)
    assert model.base + sum(model.by_cause.values()) == pytest.approx(model.margin, abs=1e-9)
    assert model.calibrated_margin == pytest.approx(0.1 + 0.9 * model.margin)
    assert model.probability == narrator.bundle.predict_probability(build(panel))[0]
    assert model.margin == narrator.bundle.predict_margin(build(panel))[0]
    assert (e.rule.income, e.rule.line) == (12_800.0, 8300.0)
    assert e.rule.gap == 4500.0
    assert e.rule.gap_after_spending == 4500.0 - 12_345 / 3
    assert {flag.code for flag in e.rule.flags} == set(apply_rule_line(panel, load_policy()).list_flag_codes(0))
    assert e.agreement == "both"
    assert e.reasons[0].cause in ("illness", "work", "disability")
    assert len(e.reasons) <= 5
    assert len(e.protections) <= 3


def test_json_is_plain_and_says_the_same_as_the_text(ill, make_narrator):
    panel = ill.panel()
    e = make_narrator(panel).explain(panel)
    data = json.loads(json.dumps(e.to_json(), allow_nan=False))
    assert data["notice"] == NOTICE
    assert data["status"] == "at_risk"
    assert data["model_version"] == "hand-made"
    text = render(e, "zh")
    for reason in data["reasons"]:
        assert reason["zh"] in text
        assert reason["relation"]["zh"] == "与致贫风险升高相关"
    for reason in data["protections"]:
        assert reason["contribution"] < 0
    for lang in ("zh", "en"):
        assert NOTICE[lang] in render(e, lang)


@pytest.mark.parametrize(
    ("kind", "fall", "english"),
    [
        ("exited", "返贫", "fall back into poverty"),
        ("ordinary", "致贫", "fall into poverty"),
        (None, "返贫致贫", "fall into poverty"),
    ],
)
def test_only_formerly_poor_households_fall_back_into_poverty(village, make_narrator, kind, fall, english):
    panel = village.household(3, kind=kind).earns("2023-01", "2023-12", wage=2200).has(*TABLES).panel()
    narrator = make_narrator(panel, log_income_to_line_12m=-9.0)
    e = narrator.explain(panel)
    assert (e.status, e.kind, e.model.tier) == ("at_risk", kind, "very_likely")
    assert e.names["very_likely"]["zh"] == f"极易{fall}"
    assert f"个月内{fall}" in render(e, "zh")
    assert f"与{fall}风险升高相关" in render(e, "zh")
    assert english in render(e, "en")


def test_a_row_is_explained_as_if_alone_and_explaining_changes_nothing(ill, make_narrator):
    ill.add("households", household_id="A0", size=1, region_code="130529", kind="exited")
    for month in range(1, 13):
        ill.add("income", household_id="A0", period_start=f"2023-{month:02d}-01", months=1, source="wage", amount=900)
    panel = ill.panel()
    narrator = make_narrator(panel)
    before = build(panel).values.copy()
    verdicts = apply_rule_line(panel, load_policy())
    among = narrator.explain(panel, 1, verdicts=verdicts)
    alone = narrator.explain(panel.select(1))
    assert among == alone == narrator.explain(panel, 1)
    assert among.household_id == "H1"
    np.testing.assert_array_equal(build(panel).values, before)


def test_agreement_as_scored_takes_precedence_over_the_tier(ill, make_narrator):
    panel = ill.panel()
    narrator = make_narrator(panel)
    assert narrator.explain(panel).agreement_by == "tier"
    scored = narrator.explain(panel, agreement="rule_only")
    assert (scored.agreement, scored.agreement_by) == ("rule_only", "capacity")
    assert "模型也提示风险，但未排入全县走访名额" in render(scored, "zh")


def test_no_measures_are_suggested_if_neither_verdict_points_to_a_household(village, make_narrator):
    panel = village.household(2).earns("2023-01", "2023-12", wage=9000).has(*TABLES).panel()
    e = make_narrator(panel).explain(panel)
    assert (e.agreement, e.signal, e.model.tier) == ("neither", "green", "stable")
    assert e.options == {}
    assert {step.cause for step in e.steps} <= {""}


@pytest.mark.parametrize(("wage", "status"), [(100, "below_line"), (None, "no_income")])
def test_only_the_rule_line_judges_households_outside_the_cohort(village, make_narrator, wage, status):
    village.household(3).has(*TABLES)
    if wage is not None:
        village.earns("2023-01", "2023-12", wage=wage)
    panel = village.panel()
    e = make_narrator(panel).explain(panel)
    assert (e.status, e.model, e.agreement, e.protections) == (status, None, None, ())
    assert [reason.feature for reason in e.reasons] == (
        ["income_below_line", "three_months_below"] if status == "below_line" else []
    )
    assert "模型不" in render(e, "zh")
    assert "makes no prediction" in render(e, "en")


class TestHealthRedacted:
    SECRETS = (  # words and amounts must be hidden; the names of available measures need not be
        "12,345",
        "12345",
        "30,000",
        "住院",
        "大病",
        "残",
        "慢性",
        "就诊",
        "admission",
        "disab",
        "inpatient",
        "chronic",
        "serious",
    )

    def test_nothing_reveals_the_diagnosis_the_member_or_the_amount(self, ill, make_narrator):
        panel = ill.panel()
        e = make_narrator(panel).explain(panel, redact=["health"])
        data = e.to_json()
        data["model"]["tier"] = ""
        shown = json.dumps(data, ensure_ascii=False) + render(e, "zh") + render(e, "en")
        for cause in HEALTH_CAUSES:  # measures for health causes are shown to everyone, so they reveal nothing
            for measure in load_policy().measures[cause]:
                for word in (measure.code, measure.zh, measure.en):
                    shown = shown.replace(word, "")
        for secret in self.SECRETS:
            assert secret not in shown, secret
        assert e.rule.gap_after_spending is None
        assert e.rule.hidden_flags > 0
        assert e.redacted == ("health",)

    def test_medical_spending_is_mentioned_once(self, ill, make_narrator):
        panel = ill.panel()
        e = make_narrator(panel).explain(panel, redact=["health"])
        hidden = [reason for reason in e.reasons if reason.feature is None]
        assert [reason.zh for reason in hidden] == ["医疗支出或健康状况与风险相关（健康信息需经授权查看）"]
        assert all(reason.feature is not None for reason in e.protections)

    def test_contributions_still_sum_to_the_margin(self, ill, make_narrator):
        panel = ill.panel()
        narrator = make_narrator(panel)
        e, full = narrator.explain(panel, redact=["health"]), narrator.explain(panel)
        assert e.model.base + sum(e.model.contributions.values()) == pytest.approx(e.model.margin, abs=1e-9)
        assert e.model.base + sum(e.model.by_cause.values()) == pytest.approx(e.model.margin, abs=1e-9)
        assert e.model.probability == full.model.probability
        assert not any(concerns_health(CATALOGUE[name]) for name in e.model.contributions if name in CATALOGUE)

    def test_reasons_unrelated_to_health_remain(self, ill, make_narrator):
        panel = ill.panel()
        narrator = make_narrator(panel)
        shown = {r.zh for r in narrator.explain(panel).reasons if r.cause not in HEALTH_CAUSES}
        kept = {r.zh for r in narrator.explain(panel, redact=["health"]).reasons}
        assert shown <= kept

    def test_unknown_redactions_are_rejected(self, ill, make_narrator):
        panel = ill.panel()
        with pytest.raises(UsageError, match=r"'income' cannot be redacted.\nWhat can be redacted: health"):
            make_narrator(panel).explain(panel, redact=["income"])


class TestMissing:
    def list_texts(self, village):
        return {gap.code: gap.zh for gap in find_missing(village.panel())}

    def test_missing_income_months_are_listed_at_the_end_and_earlier(self, village):
        village.household(2).earns("2022-01", "2022-12", wage=900).earns("2023-02", "2023-03", wage=900)
        village.earns("2023-07", "2023-08", wage=900)
        texts = self.list_texts(village)
        assert texts["stale_income"] == "近 4 个月无收入记录"
        assert texts["income_gaps"] == "近 12 个月中另有 4 个月无收入记录"

    def test_a_delay_of_one_month_is_not_mentioned(self, village):
        texts = self.list_texts(village.household(2).earns("2022-01", "2023-11", wage=900))
        assert "stale_income" not in texts
        assert "income_gaps" not in texts

    def test_months_after_a_statement_are_not_missing_while_it_counts(self, village):
        village.household(2).states(2022, wage=20_000)
        for day, age, listed in (("2023-06-30", 18, False), ("2023-06-30", 6, True), ("2024-06-30", 18, True)):
            codes = {gap.code for gap in find_missing(village.panel(day, income_age=age))}
            assert ("stale_income" in codes) == listed, (day, age)
            assert "income_gaps" not in codes
        village.household(2, household_id="H2")
        for month in range(1, 10):
            village.add("income", household_id="H2", period_start=f"2022-{month:02}-01", source="wage", amount=900)
        monthly = village.panel("2023-06-30", income_age=18).select(1)
        assert "stale_income" in {gap.code for gap in find_missing(monthly)}

    def test_income_that_was_never_reported_is_listed(self, village):
        village.household(2, region_code="999999")
        village.rows["lines"].clear()
        assert self.list_texts(village)["no_income"] == "近 36 个月无收入记录"

    def test_absent_tables_are_listed_but_empty_tables_are_not(self, village):
        village.household(2).earns("2023-01", "2023-12", wage=900).has("events", "members")
        texts = self.list_texts(village)
        assert texts["absent_tables"] == "未提供的数据：就医、灾害、帮扶、监测对象"
        assert texts["no_members"] == "无家庭成员信息"
        assert texts["no_visit"] == "近 12 个月无入户走访记录"

    def test_missing_amounts_and_states_are_listed(self, village):
        village.household(2).earns("2023-01", "2023-12", wage=900)
        village.add("members", member_id="M1", labour="full").add("members", member_id="M2", health="healthy")
        village.add("illness", kind="inpatient", occurred_on="2023-03-10", visits=1)
        village.add("disaster", kind="flood", occurred_on="2023-03-10")
        village.add("events", kind="visit", occurred_on="2023-03-11")
        texts = self.list_texts(village)
        assert texts["unknown_health"] == "1 名家庭成员的健康状况未登记"
        assert texts["unknown_labour"] == "1 名家庭成员的劳动能力未登记"
        assert texts["unknown_self_paid"] == "近 12 个月有 1 条就医记录未填自付金额"
        assert texts["unknown_loss"] == "近 12 个月有 1 条受灾记录未填损失金额"
        assert "no_visit" not in texts


class TestChecklist:
    def test_every_cause_has_steps_and_measures(self):
        assert all(zh and en for cause in CAUSES.values() for zh, en in cause.steps)
        assert set(load_policy().measures) == set(CAUSES)

    def test_steps_follow_the_causes_and_leave_room_for_missing_data(self):
        steps = choose_steps(list(CAUSES)[:4], list(STEPS_MISSING))
        assert len(steps) == 10
        assert [step.cause for step in steps[:7]] == [
            *("illness", "illness", "schooling", "schooling", "disability", "disability", "disaster")
        ]
        assert sum(step.cause == "" for step in steps) == 3

    def test_every_cause_has_its_first_step_before_any_has_a_second(self):
        steps = choose_steps(list(CAUSES), list(STEPS_MISSING))
        assert [step for step in steps if step.cause] == [choose_steps([cause], [])[0] for cause in CAUSES]
        assert sum(step.cause == "" for step in steps) == 3
        assert len(choose_steps(["illness"], list(STEPS_MISSING))) == 2 + 8

    def test_every_flag_that_fired_has_a_step(self, ill, make_narrator):
        ill.add("events", kind="dropout", occurred_on="2023-11-05").add(
            "events", kind="accident", occurred_on="2023-11-06"
        )
        panel = ill.panel()
        e = make_narrator(panel).explain(panel)
        assert {"schooling", "accident"} <= {flag.cause for flag in e.rule.flags}
        assert {flag.cause for flag in e.rule.flags} <= {None, *(step.cause for step in e.steps)}

    def test_redacted_steps_and_measures_do_not_distinguish_illness_from_disability(self, village, make_narrator):
        shown = []
        for kind in ("illness", "disability"):
            own = type(village)().household(3).member(1, 1972).member(2, 1974).earns("2022-01", "2023-12", wage=1500)
            if kind == "illness":
                own.add("illness", kind="inpatient", occurred_on="2023-10-10", visits=1, cost=50_000, self_paid=30_000)
            else:
                own.add("events", kind="disability", occurred_on="2023-10-20")
            panel = own.has("illness", "events", "members").panel()
            e = make_narrator(panel).explain(panel, redact=["health"])
            steps = [step.zh for step in e.steps if step.cause == "illness"]
            shown.append((e.names["illness"], steps, [measure.code for measure in e.options.get("illness", ())]))
        assert shown[0] == shown[1]
        assert shown[0][0]["zh"] == "健康原因"
        assert len(shown[0][1]) == 1
        assert {measure.code for cause in HEALTH_CAUSES for measure in load_policy().measures[cause]} == set(
            shown[0][2]
        )

    def test_suggested_measures_come_from_the_policy_table(self, ill, make_narrator):
        panel = ill.panel()
        e = make_narrator(panel).explain(panel)
        policy = load_policy()
        assert e.options
        assert all(set(measures) <= set(policy.measures[cause]) for cause, measures in e.options.items())
        assert next(iter(e.options)) == e.reasons[0].cause


def test_only_chinese_and_english_are_accepted(ill, make_narrator):
    panel = ill.panel()
    with pytest.raises(UsageError, match="no explanations in 'fr'"):
        render(make_narrator(panel).explain(panel), "fr")


class TestOtherFactors:
    def test_what_a_visit_cannot_check_is_named_in_one_line_with_numbers_in_json(self, ill, make_narrator):
        panel = ill.panel()
        e = make_narrator(panel, mean_age=0.02, household_size=-0.1, income_volatility_12m=3.0).explain(panel)
        names = [factor.code for factor in e.others]
        assert set(names) >= {"mean_age", "household_size"}
        assert not any(CATALOGUE[name].risky for name in names)
        sizes = [abs(factor.contribution) for factor in e.others]
        assert sizes == sorted(sizes, reverse=True)
        assert not {reason.feature for reason in (*e.reasons, *e.protections)} & set(names)
        assert e.list_others("zh") in render(e, "zh").splitlines()
        assert "成员平均年龄" in e.list_others("zh")
        data = e.to_json()["others"]
        assert {part["code"]: part["contribution"] for part in data} == {
            name: e.model.contributions[name] for name in names
        }

    def test_health_is_left_out_for_readers_without_permission(self, ill, make_narrator):
        panel = ill.panel()
        narrator = make_narrator(panel, months_since_care=1.0)
        assert "months_since_care" in [factor.code for factor in narrator.explain(panel).others]
        hidden = narrator.explain(panel, redact=["health"])
        assert "months_since_care" not in [factor.code for factor in hidden.others]

    def test_the_line_of_other_factors_is_short_and_absent_without_factors(self, village, make_narrator):
        panel = village.household(4).earns("2023-01", "2023-12", wage=9000).has(*TABLES).panel()
        effects = {f"{source}_share_12m": 3.0 for source in ("wage", "business", "property", "transfer")}
        e = make_narrator(panel, **effects, income_concentration=3.0, mean_age=0.5).explain(panel)
        assert (
            make_narrator(panel, household_size=0.0, income_volatility_12m=0.0).explain(panel).list_others("zh") == ""
        )
        assert e.list_others("zh").count("；") == 2


@pytest.mark.parametrize(
    ("hardship", "zh", "en"),
    [
        ("count", "收入与支出预计稳定", "stable"),
        ("ignore", "收入预计稳定（未计刚性支出）", "stable income, spending not counted"),
    ],
)
def test_the_words_for_stable_say_whether_spending_is_counted(village, make_narrator, hardship, zh, en):
    panel = village.household(3).earns("2022-01", "2023-12", wage=9000).has(*TABLES).panel()
    narrator = make_narrator(panel)
    manifest = narrator.bundle.manifest
    settings = {**manifest["settings"], "hardship": hardship}
    e = Narrator(replace(narrator.bundle, manifest={**manifest, "settings": settings}), narrator.policy).explain(panel)
    assert e.names["stable"] == {"zh": zh, "en": en}
    assert f"模型：{zh}；" in render(e)
    assert f"Model: {en}; " in render(e, "en")
