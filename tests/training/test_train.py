"""Training: the bundle and its evaluation, reproducibility, earlier origins, and comparisons with a champion."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskml.errors import SplitError, UsageError
from riskml.features import build
from riskml.model import Bundle
from riskml.outcomes import FALL_KINDS, label
from riskml.policy import load_policy
from riskml.progress import Silent
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.splits import Settings
from riskml.training import compare_on, compare_stored, require_same_outcome, run_release_checks, train
from riskml.training.cohort_rows import collect_cohort, find_first_flags

SMALL = Settings()
MODELS = {"riskml", "rule_line", "distance_to_line", "weighted_past_income", "logistic", "oracle"}


def test_the_evaluation_has_all_its_sections_and_figures(trained: Bundle) -> None:
    e = trained.evaluation
    assert set(e["models"]) == MODELS
    assert {"train_to", "test_from", "n_train", "n_test", "n_positive", "positive_rate", "missing"} <= set(e["split"])
    assert set(e["split"]["missing"]) == {"no_follow_up", "emergency_help", "entered_recorded_late", "not_followed"}
    for figures in e["models"].values():
        assert {"auc", "ap", "brier", "ci", "recall_at", "precision_at", "lead_months"} <= set(figures)
        assert set(figures["recall_at"]) == set(figures["precision_at"]) == {"0.01", "0.05", "0.10"}
    assert {"1-3", "4-6", "7-12"} <= set(e["by_lead"])
    assert set(e["by_kind"]) == {"income", "spending", "monitoring"}
    assert set(e["complement"]) == {"both", "rule_only", "model_only", "neither"}
    assert {"slope", "intercept", "ece"} <= set(e["calibration"])
    assert {g["group"] for g in e["groups"]} >= {"category", "region", "no_labour"}
    assert [o["test_from"] for o in e["origins"]] == [e["split"]["test_from"]]
    json.dumps(e, allow_nan=False)


def test_split_counts_match_the_labels(trained: Bundle, county_records: Records) -> None:
    split = trained.evaluation["split"]
    train_days = [to_day(text) for text in split["train_as_ofs"]]
    test_days = [to_day(text) for text in split["test_as_ofs"]]
    known = label(county_records, train_days, SMALL, load_policy(), to_day(split["test_from"]))
    later = label(county_records, test_days, SMALL, load_policy(), None)
    assert split["n_train"] == known.labelled.sum()
    assert split["n_test"] == later.labelled.sum()
    assert split["n_positive"] == (later.y == 1).sum()
    assert max(train_days) < min(test_days)


def test_the_complement_sums_to_the_test_rows(trained: Bundle) -> None:
    kinds = trained.evaluation["complement"].values()
    assert sum(kind["n"] for kind in kinds) == trained.evaluation["split"]["n_test"]
    assert sum(kind["positives"] for kind in kinds) == trained.evaluation["split"]["n_positive"]


def test_the_oracle_is_measured_with_the_true_probabilities(
    trained: Bundle, county: Path, county_records: Records
) -> None:
    split = trained.evaluation["split"]
    later = label(county_records, [to_day(text) for text in split["test_as_ofs"]], SMALL, load_policy(), None)
    known = later.take(later.labelled)
    truth = pd.read_parquet(county / "truth.parquet")
    truth["as_of"] = truth["as_of"].astype(str)
    rows = pd.DataFrame(
        {
            "household_id": county_records.household_id[known.household],
            "as_of": [str(np.datetime64(int(day), "D")) for day in known.as_of],
            "y": known.y,
        }
    ).merge(truth, on=["household_id", "as_of"], how="left")
    assert rows["probability"].notna().mean() > 0.99
    filled = rows["probability"].fillna(rows["probability"].mean())
    expected = float(((filled - rows["y"]) ** 2).mean())
    assert trained.evaluation["models"]["oracle"]["brier"] == pytest.approx(expected, abs=1e-12)


def test_the_same_records_give_the_same_bytes(trained: Bundle, county: Path, county_records: Records) -> None:
    again = train(Records.load(county), SMALL, load_policy(), folder=county)
    assert again.files == trained.files


@pytest.fixture(scope="module")
def half_year(county: Path, county_records: Records) -> Bundle:
    """Train a model for falls within half a year, which is tested on other rows than `trained`."""
    return train(county_records, Settings(window=6, horizon=6, step=6), load_policy(), folder=county)


def test_the_truth_is_not_used_for_another_outcome(half_year: Bundle) -> None:
    assert "oracle" not in half_year.evaluation["models"]


def test_refitting_keeps_the_evaluation_and_is_recorded(trained: Bundle, county: Path, county_records: Records) -> None:
    again = train(county_records, SMALL, load_policy(), folder=county, refit=True)
    assert again.manifest["refit"] is True
    assert trained.manifest["refit"] is False
    assert again.evaluation == trained.evaluation
    assert again.blend.choice == trained.blend.choice
    assert again.files["trees.txt"] != trained.files["trees.txt"]
    assert not again.find_differences(trained)


def test_each_earlier_origin_starts_one_horizon_earlier(county_records: Records) -> None:
    settings = Settings(window=6, horizon=6, step=6, origins=2)
    trained = train(county_records, settings, load_policy())
    first, second = trained.evaluation["origins"]
    assert second["test_from"] < first["test_from"]
    assert first["models"] == trained.evaluation["models"]
    assert second["split"]["test_to"] < first["test_from"]


def test_too_few_months_are_rejected(county_records: Records) -> None:
    with pytest.raises(SplitError, match=r"need 60 months .* the records have 42"):
        train(county_records, Settings(window=12, horizon=24), load_policy())


def test_features_of_the_cohort_match_the_panel(county_records: Records) -> None:
    day = to_day("2021-12-31")
    cohort = collect_cohort(county_records, [day], SMALL, load_policy(), Silent())
    whole = build(county_records.panel(day))
    again = cohort.features.recode(whole.columns, whole.levels)
    assert np.array_equal(again.values, whole.values[cohort.household], equal_nan=True)


def test_first_flags_look_forward_and_stop_at_the_horizon(county_records: Records) -> None:
    policy = load_policy()
    from riskml.policy import apply_rule_line
    from riskml.records.contract.calendar import to_month, to_month_end

    day = to_day("2021-12-31")
    household = np.arange(len(county_records))
    by = (household % 3 + 1).astype(np.int8)
    figures = find_first_flags(
        county_records, household, np.full(len(household), day, np.int32), by, SMALL, policy, Silent()
    )
    hardship = {code for code, trigger in policy.triggers.items() if "hardship" in trigger.counts_as}
    kinds = {"income": {"income_below_line", "three_months_below", "income_drop"}, "spending": hardship}
    expected = np.full(len(household), np.nan)
    for ahead in range(SMALL.horizon, -1, -1):
        panel = county_records.panel(to_month_end(to_month(day) + ahead), basis=SMALL.basis)
        verdicts = apply_rule_line(panel, policy)
        for i in household.tolist():
            kind = next(name for name, code in FALL_KINDS.items() if code == by[i])
            flags = set(verdicts.list_flag_codes(i))
            if flags & kinds.get(kind, flags):
                expected[i] = ahead
    assert np.array_equal(figures, expected, equal_nan=True)
    assert (figures == 0).any()
    assert (figures > 0).any()


def test_bundles_can_be_compared_only_on_the_same_rows(
    trained: Bundle, half_year: Bundle, county_records: Records
) -> None:
    with pytest.raises(UsageError, match="different rows"):
        compare_stored(trained, half_year)
    comparison = compare_on(county_records, trained, half_year, load_policy())
    own = comparison["models"][trained.model_version]
    assert own["ap"] == trained.evaluation["models"]["riskml"]["ap"]
    assert half_year.model_version in comparison["ap_difference"]


def test_models_for_different_outcomes_are_rejected(trained: Bundle) -> None:
    require_same_outcome(trained, trained)
    settings = {**trained.manifest["settings"], "hardship": "ignore"}
    other = replace(trained, manifest={**trained.manifest, "settings": settings})
    with pytest.raises(UsageError, match=r"different outcomes \(hardship is count and ignore\)"):
        require_same_outcome(trained, other)


def test_a_model_compared_with_itself_shows_no_difference(trained: Bundle) -> None:
    comparison = compare_stored(trained, trained)
    assert comparison["models"][trained.model_version] == trained.evaluation["models"]["riskml"]


def test_a_champion_tested_on_other_rows_blocks_if_there_are_no_records(
    trained: Bundle, half_year: Bundle, county_records: Records
) -> None:
    policy = load_policy()
    unmeasured = "The released champion was not measured on the same test rows."
    [without] = [r for r in run_release_checks(trained, half_year, None, policy) if r.code == "RKD003"]
    assert without.status == "failed"
    assert unmeasured in without.message
    [beside] = [r for r in run_release_checks(trained, half_year, county_records, policy) if r.code == "RKD003"]
    assert unmeasured not in beside.message


def test_the_first_release_has_no_champion(trained: Bundle) -> None:
    results = run_release_checks(trained, None, None, load_policy())
    assert [r.code for r in results] == [f"RKD00{i}" for i in range(1, 9)]
    assert next(r for r in results if r.code == "RKD005").status == "passed"


def test_the_bundle_holds_no_household(bundle_path: Path, county_records: Records) -> None:
    for file in bundle_path.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not any(code in text for code in county_records.household_id[:200])
    assert Bundle.load(bundle_path).model_version.startswith("riskml-")
