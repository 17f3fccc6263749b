"""Every household is explained, and its row in the county's table says the same as its individual explanation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskml.explanation import Narrator, explain_all
from riskml.explanation.contributions.summary import sum_by_cause
from riskml.explanation.household.county import COLUMNS, ExplainedPanel
from riskml.explanation.household.reason_quality import find_quiet_households, measure_named_causes, measure_steadiness
from riskml.explanation.reasons.redaction import HEALTH_ZH, concerns_health
from riskml.features import CATALOGUE, build
from riskml.outcomes import AT_RISK, UNKNOWN, classify_cohort
from riskml.policy import apply_rule_line, load_policy
from riskml.records.contract.calendar import to_day
from riskml.records.panel.income import CHUNK
from riskml.splits import Settings, build_grid

SETTINGS = {"window": 12, "horizon": 12, "outcome": "any", "step": 3}


def explain_panel(narrator, panel, hidden=frozenset()):
    return ExplainedPanel.build(narrator, panel).tabulate(hidden)


@pytest.fixture(scope="session")
def narrator(county_records, fit_narrator) -> Narrator:
    """Fit a small model on the county as of one date, and return a narrator for it."""
    return fit_narrator(county_records, Settings(**SETTINGS))


@pytest.fixture(scope="session")
def as_of(county_records) -> int:
    return int(build_grid(county_records, Settings(**SETTINGS)).as_ofs[-1])


@pytest.fixture(scope="session")
def reasons(county_records, narrator, as_of):
    return explain_all(narrator, county_records, as_of, threads=1)


def test_every_known_household_and_no_other_has_a_row(county_records, narrator, as_of, reasons):
    panel = county_records.panel(as_of)
    status = classify_cohort(panel, narrator.settings, load_policy())
    assert tuple(reasons.columns) == COLUMNS
    assert reasons["household_id"].tolist() == panel.household_id[status != UNKNOWN].tolist()
    at_risk = reasons["household_id"].isin(panel.household_id[status == AT_RISK])
    assert (reasons["causes"][at_risk] != "").mean() > 0.95


def test_households_outside_the_cohort_show_their_flags_and_facts(county_records, narrator, as_of, reasons):
    panel = county_records.panel(as_of)
    status = classify_cohort(panel, narrator.settings, load_policy())
    outside = reasons.set_index("household_id").loc[panel.household_id[(status != AT_RISK) & (status != UNKNOWN)]]
    assert len(outside) > 20
    assert (outside["causes"] != "").any()
    assert (outside[["reasons", "protections"]] == "").all(axis=None)
    for i in np.flatnonzero((status != AT_RISK) & (status != UNKNOWN))[::7]:
        e, row = narrator.explain(panel, int(i)), outside.loc[panel.household_id[i]]
        assert {flag.cause for flag in e.rule.flags if flag.cause} <= set(row["causes"].split(";"))
        assert row["reasons_zh"].splitlines() == [reason.zh for reason in e.reasons]
        assert bool(e.reasons) == (bool(e.rule.flags) or e.rule.monitored)
        hidden = explain_panel(narrator, panel.select(int(i)), frozenset({"health"})).iloc[0]
        shown = narrator.explain(panel, int(i), redact=("health",))
        assert hidden["reasons_zh"].splitlines() == [reason.zh for reason in shown.reasons]
        assert (HEALTH_ZH in hidden["reasons_zh"]) <= bool(shown.rule.hidden_flags)


def test_each_row_matches_the_individual_explanation(county_records, narrator, as_of, reasons):
    panel = county_records.panel(as_of)
    position = {code: i for i, code in enumerate(panel.household_id.tolist())}
    for row in reasons[reasons["reasons"] != ""].iloc[::37].itertuples():
        e = narrator.explain(panel, position[row.household_id])
        assert row.reasons == ";".join(reason.feature for reason in e.reasons)
        assert row.protections == ";".join(reason.feature for reason in e.protections)
        assert row.causes == ";".join(dict.fromkeys(reason.cause for reason in e.reasons))
        assert row.reasons_zh.splitlines() == [reason.zh for reason in e.reasons]
        assert row.protections_zh.splitlines() == [reason.zh for reason in e.protections]


def test_causes_are_the_same_without_sentences(county_records, narrator, as_of, reasons):
    panel = county_records.panel(as_of)
    causes = ExplainedPanel.build(narrator, panel).list_causes()
    assert causes == dict(zip(reasons["household_id"], reasons["causes"], strict=True))
    verdicts = apply_rule_line(panel, narrator.policy)
    assert ExplainedPanel.build(narrator, panel, verdicts).list_causes() == causes


def test_threads_and_chunks_change_nothing(county_records, narrator, as_of, reasons):
    assert explain_all(narrator, county_records, as_of, threads=2).equals(reasons)
    unwritten = explain_all(narrator, county_records, as_of, sentences=False)
    assert unwritten.equals(reasons.assign(reasons_zh="", protections_zh=""))
    counted = []
    explain_all(narrator, county_records, as_of, progress=counted.append)
    assert sum(counted) == len(county_records)
    assert max(counted) <= CHUNK


def test_every_explained_row_sums_to_its_margin(county_records, narrator, as_of):
    panel = county_records.panel(as_of)
    X = build(panel)
    contributions = narrator.explainer.explain(X)
    np.testing.assert_allclose(contributions.margin, narrator.bundle.predict_margin(X), rtol=0, atol=1e-9)
    features = narrator.explain_rows(panel, X).grouping.features
    by_cause = sum_by_cause(contributions.values, [feature.cause for feature in features])
    np.testing.assert_allclose(
        contributions.base + by_cause.sum(axis=1), narrator.bundle.predict_margin(X), rtol=0, atol=1e-9
    )


def test_a_redacted_county_reveals_no_diagnosis_and_no_amount(county_records, narrator, as_of, reasons):
    hidden = explain_all(narrator, county_records, as_of, redact=("health",))
    text = "\n".join(hidden["reasons_zh"]) + "\n".join(hidden["protections_zh"])
    spending = narrator.policy.triggers["income_below_line_after_spending"].zh
    text = text.replace(spending, "")  # this flag may say that spending matters, but not how much was spent
    assert HEALTH_ZH in text
    for word in ("住院", "自付", "就诊", "大病", "残疾", "慢性病", "报销"):
        assert word not in text
    names = {name for cell in (*hidden["reasons"], *hidden["protections"]) for name in cell.split(";") if name}
    assert not any(concerns_health(CATALOGUE[name]) for name in names if name in CATALOGUE)
    assert not hidden["causes"].str.contains("disability").any()
    assert reasons["causes"].str.contains("illness").any()
    assert all(cell.split(";").count("health") <= 1 for cell in hidden["reasons"])


def test_a_panel_without_known_households_gives_an_empty_table(county_records, narrator):
    early = county_records.panel(to_day("1990-01-31"))
    assert len(explain_panel(narrator, early)) == 0
    assert tuple(explain_panel(narrator, early).columns) == COLUMNS


def test_custom_attributes_count_but_are_never_mentioned(county_records, narrator, as_of):
    assert {"attribute_land_mu", "attribute_distance_km"} <= {column.name for column in narrator.bundle.columns}
    frame = explain_panel(narrator, county_records.panel(as_of, 0, 400))
    assert not frame[["reasons", "protections"]].stack().str.contains("attribute_").any()
    assert not frame[["reasons_zh", "protections_zh"]].stack().str.contains("属性").any()


def test_features_missing_from_the_records_are_not_mentioned(county_records, narrator, as_of):
    """Explain with a model that uses an attribute which these records lack; no reason may mention the attribute."""
    schema = narrator.bundle.blend.schema
    columns = tuple(
        column._replace(name="attribute_altitude") if column.name == "attribute_land_mu" else column
        for column in schema.columns
    )
    assert columns != schema.columns
    other = replace(schema, columns=columns)
    blend = replace(narrator.bundle.blend, schema=other, linear=replace(narrator.bundle.blend.linear, schema=other))
    lacking = Narrator(replace(narrator.bundle, blend=blend), load_policy())
    frame = explain_panel(lacking, county_records.panel(as_of, 0, 50))
    assert len(frame)
    assert not frame["reasons"].str.contains("altitude").any()


class TestTrials:
    def test_true_causes_are_compared_with_the_first_reason_and_with_the_first_three(self):
        causes = ["work;illness", "other", "a;b;c;work"]
        quality = measure_named_causes(causes, ["illness", "work", "work"])
        assert quality == {"falls": 3, "first": 0.0, "first_three": pytest.approx(1 / 3)}
        assert measure_named_causes(causes, ["illness", "work", "work"], [True, False, False])["first_three"] == 1.0
        assert np.isnan(measure_named_causes([], [])["first"])

    def test_a_household_with_a_new_or_late_row_does_not_count_as_quiet(self, village):
        village.household(2).earns("2023-01", "2023-12", wage=900).has("illness", "events", "help", "monitoring")
        village.add("members", member_id="M1").add(
            "members", household_id="H4", member_id="M2", recorded_on="2023-12-09"
        )
        for number in (2, 3, 4):
            village.add("households", household_id=f"H{number}", size=2, region_code="130529")
        village.add("events", household_id="H2", kind="visit", occurred_on="2023-12-05")
        village.add("illness", household_id="H3", kind="inpatient", occurred_on="2023-11-05", visits=1)
        village.add("disaster", household_id=None, region_code="130529101", kind="flood", occurred_on="2023-12-20")
        records = village.records()
        before, after = (records.panel(to_day(day)) for day in ("2023-11-30", "2023-12-31"))
        assert find_quiet_households(before, after).tolist() == [False, False, True, False]

    def test_one_more_quiet_month_seldom_changes_the_first_reason(self, county_records, narrator, as_of):
        quality = measure_steadiness(narrator, county_records, as_of, explain_all(narrator, county_records, as_of))
        assert quality["households"] > 200
        assert quality["same_cause"] >= 0.85
