"""Everything that a check of a model finds is also reported in Chinese, with the same figures."""

from __future__ import annotations

import re

import pytest

from riskml.evaluation.checks.base import ChampionEvidence
from riskml.evaluation.checks.run import CHECKS, run_checks

SPLIT = {"train_as_ofs": ["2022-06-30"], "test_as_ofs": ["2023-12-31"], "train_known_by": "2023-12-31"}
AP = {"rule_line": {"value": 0.1, "ci": [0.05, 0.15]}}
GROUPS = [
    {"group": "exited", "value": value, "positives": 50, "missed": missed}
    for value, missed in (("yes", 0.9), ("no", 0.2))
]
CASES = {
    "overlap": {"split": SPLIT | {"train_as_ofs": ["2023-06-30"]}},
    "known late": {"split": SPLIT | {"train_known_by": "2024-02-29"}},
    "no rows": {"split": SPLIT | {"train_as_ofs": [], "test_as_ofs": []}},
    "leakage": {"feature_auc": {f"f{i}": 0.99 for i in range(7)}},
    "attributes": {
        "feature_auc": {},
        "models": {"riskml": {"ap": 0.3}, "distance_to_line": {"auc": 0.7, "ap": 0.2}},
        "attributes": {
            "attribute_a": {"auc": 0.9, "ap": 0.5, "recording": "never"},
            "attribute_b": {"auc": 0.5, "ap": 0.1, "recording": "never"},
        },
    },
    "loss": {"ap_difference": {**AP, "weighted_past_income": {"value": -0.1, "ci": [-0.2, -0.05]}}},
    "chance": {"ap_difference": {**AP, "weighted_past_income": {"value": -0.1, "ci": [-0.2, 0.1]}}},
    "unmeasured": {"ap_difference": AP},
    "rule line": {"ap_difference": {"rule_line": {"value": -0.01, "ci": None}}},
    "champion": {"champion": ChampionEvidence(-0.02, (-0.03, -0.01))},
    "no falls": {"models": {"riskml": {"ap": None}}},
    "miscalibrated": {
        "calibration": {"slope": 2.2, "slope_ci": [2.0, 2.4], "observed_over_expected": None,
                        "observed_over_expected_ci": None}
    },
    "one class": {
        "calibration": {"slope": None, "slope_ci": None, "observed_over_expected": None,
                        "observed_over_expected_ci": None}
    },
    "monotone": {"monotonicity": [{"feature": "income", "direction": -1, "worst": 0.4}]},
    "no directions": {"monotonicity": []},
    "groups": {"groups": GROUPS},
    "drift": {"population_stability": {f"f{i}": 0.9 for i in range(7)}},
    "few": {"by_kind": {"income": {"n": 3}, "monitoring": {"n": 0}}},
    "some": {"by_kind": {"income": {"n": 60}, "monitoring": {"n": 0}}},
}  # fmt: skip


def find_figures(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_message_has_a_chinese_translation(evidence, case):
    results = run_checks(evidence(**case))
    assert [result.title.read("zh") for result in results] == [check.title.read("zh") for check in CHECKS]
    for result in results:
        chinese = result.describe("zh")
        assert bool(result.message) == bool(re.search("[\u4e00-\u9fff]", chinese["message"]))
        assert bool(result.hint) == bool(re.search("[\u4e00-\u9fff]", chinese["hint"]))
        assert "导致" not in chinese["message"]
        if result.status != "not_applicable" and " more" not in result.message:
            assert find_figures(chinese["message"]) == find_figures(result.message)


def test_groups_are_named_in_words(evidence):
    [result] = [result for result in run_checks(evidence(groups=GROUPS)) if result.code == "RKD006"]
    chinese = result.describe("zh")["message"]
    assert chinese == "1 个分组的返贫致贫户漏判偏多：是否脱贫户“是”（漏判 90%，其他取值 20%）。"


@pytest.mark.parametrize(("evidence_of", "code"), [("population_stability", "RKD007"), ("feature_auc", "RKD002")])
def test_features_are_named_in_words(evidence, evidence_of, code):
    results = run_checks(evidence(**{evidence_of: {"income_coverage_36m": 0.96, "orchard_type": 0.95}}))
    [message] = [result.describe("zh")["message"] for result in results if result.code == code]
    assert "近 36 个月有收入记录的月份占比" in message
    assert "income_coverage" not in message
    assert "orchard_type" in message, "an attribute of the data set has no other name"
    assert ("需复核" in message) == (code == "RKD007")
