"""The bundle carries its model card and the data for its report, both covered by the manifest's checksums."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskml.errors import BundleError
from riskml.evaluation.capacity import mark_visits
from riskml.explanation import Narrator, explain_all
from riskml.model import Bundle
from riskml.outcomes import label
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.contract.calendar import to_day
from riskml.splits import Settings
from riskml.training import train
from riskml.training.aggregates import SOON, rebuild_report_data
from riskml.training.card import write_model_card
from riskml.training.holdout import collect_holdout


@pytest.fixture(scope="session")
def card(trained) -> str:
    return trained.files["model_card.md"].decode()


def test_the_card_names_its_model_and_is_protected_by_the_manifest(trained, card, bundle_path, tmp_path):
    assert card.startswith(f"# 模型卡 {trained.model_version}\n")
    assert {"model_card.md", "report.json"} <= set(trained.manifest["files"])
    copy = trained.save(tmp_path / "b")
    (copy / "model_card.md").write_text(card.replace("仅供研判参考", "可作认定依据"))
    with pytest.raises(BundleError, match=r"model_card\.md .* was altered"):
        Bundle.load(copy)


def test_changing_the_report_changes_the_version_but_changing_the_card_does_not(trained):
    bundle = trained
    same = bundle.with_report(bundle.report, lambda _: "other words")
    assert same.model_version == bundle.model_version
    other = bundle.with_report({**bundle.report, "coverage": None}, write_model_card)
    assert other.model_version != bundle.model_version


def test_the_card_states_the_figures_of_the_evaluation(trained, card):
    evaluation = trained.evaluation
    own = evaluation["models"]["riskml"]
    for lang in card.split("\n---\n"):
        assert f"{own['auc']:.3f} (" in lang
        assert f"{own['ap']:.3f} (" in lang
        assert f"{evaluation['split']['n_test']:,}" in lang
        assert trained.manifest["data"]["fingerprint"] in lang
        assert all(f"| RKD00{i} |" in lang for i in range(1, 9))
        for one in evaluation["groups"]:
            if one["value"] is not None and one["group"] == "region":
                assert f"| {one['value']} | {one['n']:,} | {one['positives']:,} |" in lang
        result = trained.report["reasons"]
        for trial in ("all", "visited", "soon"):
            assert f"{result[trial]['falls']:,}" in lang
            assert f"{result[trial]['first']:.1%}" in lang
        assert f"{result['steadiness']['same_cause']:.1%}" in lang
        assert f"{result['two_reasons']['share']:.1%}" in lang
    assert "数据为模拟县" in card
    assert "households are simulated" in card
    assert "仅供研判参考，不作为认定依据" in card
    assert "导致" not in card
    assert all(isinstance(result[trial]["falls"], int) for trial in ("all", "visited", "soon"))
    assert isinstance(result["steadiness"]["households"], int)


def test_falls_soon_after_the_as_of_are_reported_separately(trained, county_records):
    settings = trained.settings
    days = [to_day(day) for day in trained.evaluation["split"]["test_as_ofs"]]
    labels = label(county_records, tuple(days), settings, load_policy())
    near = (labels.y == 1) & (labels.lead <= SOON)
    assert 0 < near.sum() < (labels.y == 1).sum()
    assert trained.report["reasons"]["soon"]["falls"] == near.sum()


def test_nearly_every_place_on_the_visit_list_goes_to_a_household_with_two_reasons(trained, county_records):
    holdout = collect_holdout(county_records, trained, load_policy(), "test", Silent()).cohort
    codes, narrator = county_records.household_id[holdout.household], Narrator(trained, load_policy())
    margin, reasons = trained.predict_margin(holdout.features), []
    for day in np.unique(holdout.as_of).tolist():
        frame = explain_all(narrator, county_records, day).set_index("household_id")["reasons"]
        own = holdout.as_of == day
        capacity = mark_visits(margin[own], holdout.as_of[own], codes[own], load_policy().visit_capacity)
        reasons += frame[codes[own][capacity]].tolist()
    two = trained.report["reasons"]["two_reasons"]
    assert two["households"] == len(reasons)
    assert two["share"] == pytest.approx(np.mean([";" in names for names in reasons]))
    assert two["share"] >= 0.95


def test_a_real_panel_is_not_called_simulated(trained):
    real = replace(trained, manifest={**trained.manifest, "trained_on": "real"})
    report = {**trained.report, "reasons": {"steadiness": None}}
    card = real.with_report(report, write_model_card).files["model_card.md"].decode()
    assert "模拟县" not in card
    assert "真实原因未知" in card


def test_small_groups_are_left_out_of_the_card(trained):
    small = {"group": "exited", "value": None, "suppressed": 1, "n": 7}
    groups = [one for one in trained.evaluation["groups"] if one["group"] == "region"] + [small]
    bundle = replace(trained, evaluation={**trained.evaluation, "groups": groups})
    assert "| 7 |" not in write_model_card(bundle)


def test_only_falls_with_a_true_cause_are_counted(trained, county):
    truth = pd.read_parquet(county / "truth.parquet")
    falls = trained.report["reasons"]["all"]["falls"]
    assert 0 < falls <= trained.evaluation["split"]["n_positive"]
    assert falls <= truth["cause"].notna().sum()


def test_report_data_can_be_recomputed_from_the_records_alone(trained, county, county_records):
    texts = rebuild_report_data(county_records, trained, load_policy(), county, Silent())
    assert texts.pop("other_records") is False
    assert json.loads(json.dumps(texts)) == trained.report


def test_there_is_no_coverage_without_a_folder(county_records):
    trained = train(county_records, Settings(), load_policy())
    assert trained.report["coverage"] is None
    assert set(trained.report["reasons"]) == {"steadiness", "two_reasons"}
    shown = f"{trained.report['reasons']['two_reasons']['share']:.1%}"
    assert all(shown in lang for lang in trained.files["model_card.md"].decode().split("\n---\n"))
    assert "数据为模拟县" in trained.files["model_card.md"].decode()
