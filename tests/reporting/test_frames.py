"""Data frames for notebooks show the same facts as evaluation, checks and coverage, but in readable words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskml.evaluation.checks.run import CHECKS
from riskml.evaluation.words import GROUPS
from riskml.features import CATALOGUE, build
from riskml.model import Bundle
from riskml.records.contract.calendar import to_day
from riskml.records.panel.store import Records
from riskml.reporting import frames
from riskml.reporting.group_audit import arrange_groups
from riskml.reporting.language import Language
from riskml.training import run_release_checks
from riskml.training.aggregates import describe_coverage


def test_the_comparison_holds_every_model_with_its_interval(trained: Bundle) -> None:
    tabulated = frames.tabulate_comparison(trained.evaluation)
    assert tabulated.index[0] == "riskml 模型"
    assert {"监测线规则", "加权历史收入", "逻辑回归"} <= set(tabulated.index)
    measured = trained.evaluation["models"]["rule_line"]
    row = tabulated.loc["监测线规则"]
    assert (row["AUC"], row["AP"]) == (measured["auc"], measured["ap"])
    assert [row["AP 下限"], row["AP 上限"]] == measured["ci"]["ap"]
    assert row["走访 10% 查全率"] == measured["recall_at"]["0.10"]
    assert "rule line" in frames.tabulate_comparison(trained.evaluation, "en").index


def test_two_bundles_are_listed_by_version_in_the_requested_order(trained: Bundle) -> None:
    models = trained.evaluation["models"]
    compared = {
        "models": {"b-later": models["riskml"], "a-earlier": models["logistic"], "rule_line": models["rule_line"]}
    }
    assert frames.tabulate_comparison(compared).index.tolist() == ["b-later", "a-earlier", "监测线规则"]


def test_every_group_of_the_evaluation_is_tabulated(trained: Bundle) -> None:
    tabulated = frames.tabulate_groups(trained.evaluation)
    assert len(tabulated) == len(trained.evaluation["groups"])
    assert (tabulated["户次"] >= 20).all()
    first = trained.evaluation["groups"][0]
    assert tabulated.loc[0, "实际比例"] == pytest.approx(first["observed_rate"])
    assert tabulated.loc[0, "预测概率"] == pytest.approx(first["mean_probability"])


def test_checks_are_listed_by_code_and_described_in_words(trained: Bundle) -> None:
    results = run_release_checks(trained, None, None)
    tabulated = frames.tabulate_checks(results)
    assert tabulated["编号"].tolist() == [check.code for check in CHECKS]
    assert set(tabulated["结果"]) <= {"通过", "提示", "未通过", "不适用"}
    failed = [r for r in results if r.status == "failed"]
    assert tabulated.loc[tabulated["结果"] == "未通过", "说明"].tolist() == [
        r.describe("zh")["message"] for r in failed
    ]


def test_coverage_counts_rows_and_days(county: Path, county_records: Records) -> None:
    coverage = describe_coverage(county_records, county)
    tabulated = frames.tabulate_coverage(coverage).set_index("数据表")
    bills = pd.read_parquet(county / "illness.parquet")
    assert tabulated.loc["就医", "行数"] == len(bills)
    days = (pd.to_datetime(bills["recorded_on"]) - pd.to_datetime(bills["occurred_on"])).dt.days
    assert tabulated.loc["就医", "登记滞后中位数（天）"] == pytest.approx(days.median(), abs=1)
    months = frames.read_monthly_coverage(coverage)
    assert months.index[0] == pd.Timestamp(coverage["months"]["first"])
    assert months.between(0, 1).all()


def test_features_are_listed_with_their_meaning(county_records: Records) -> None:
    frame = build(county_records.panel(to_day("2022-12-31"))).to_frame()
    tabulated = frames.tabulate_features(frame).set_index("指标")
    assert list(tabulated.index) == list(CATALOGUE)
    name = "months_since_care"
    name = name if name in CATALOGUE else next(n for n in CATALOGUE if frame[n].isna().any())
    assert tabulated.loc[name, "含义"] == CATALOGUE[name].zh
    assert tabulated.loc[name, "有值占比"] == pytest.approx(1 - np.mean(frame[name].isna()))
    assert 0 < tabulated["有值占比"].min() < 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_audited_group_says_what_it_is_and_when_it_matters(lang: str) -> None:
    entries = [{"group": code, "value": None, "suppressed": 1, "n": 30} for code in (*GROUPS.codes, "village_size")]
    *known, other = arrange_groups(entries, Language(lang))["groups"]
    assert len({part["what"] for part in known} | {other["what"]}) == len(entries)
    assert len({part["when"] for part in known} | {other["when"]}) == len(entries)
