"""What an evaluation says, as pandas frames with Chinese or English headings: for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskml.evaluation.checks import CheckResult
from riskml.evaluation.words import CHECK_STATUSES, GROUP_VALUES, GROUPS, MODELS, sort_models
from riskml.features import CATALOGUE
from riskml.records.contract.schema import TABLES

__all__ = [
    "read_monthly_coverage",
    "tabulate_checks",
    "tabulate_comparison",
    "tabulate_coverage",
    "tabulate_features",
    "tabulate_groups",
]

_HEADS = {
    "model": ("模型", "model"),
    "auc": ("AUC", "AUC"),
    "ap": ("AP", "AP"),
    "ap_low": ("AP 下限", "AP from"),
    "ap_high": ("AP 上限", "AP to"),
    "brier": ("Brier", "Brier"),
    "recall": ("走访 10% 查全率", "recall at 10 %"),
    "visits": ("每发现一户需走访户数", "visits per case"),
    "lead": ("提前月数", "lead months"),
    "group": ("分组", "group"),
    "value": ("取值", "value"),
    "n": ("户次", "rows"),
    "positives": ("返贫", "falls"),
    "missed": ("漏掉比例", "missed"),
    "visited": ("走访比例", "visited"),
    "probability": ("预测概率", "predicted"),
    "observed": ("实际比例", "observed"),
    "code": ("编号", "code"),
    "check": ("检查", "check"),
    "status": ("结果", "result"),
    "message": ("说明", "finding"),
    "table": ("数据表", "table"),
    "rows": ("行数", "rows"),
    "first": ("最早月份", "first month"),
    "last": ("最晚月份", "last month"),
    "without": ("无记录户占比", "households without rows"),
    "late": ("迟登记占比", "recorded a month late"),
    "median": ("登记滞后中位数（天）", "median days to record"),
    "slowest": ("登记滞后 90 分位（天）", "90th percentile"),
    "feature": ("指标", "feature"),
    "topic": ("类别", "topic"),
    "unit": ("单位", "unit"),
    "window": ("窗口（月）", "window, months"),
    "says": ("含义", "meaning"),
    "present": ("有值占比", "known"),
}


def _headed(rows: Iterable[Mapping[str, Any]], heads: tuple[str, ...], lang: str) -> pd.DataFrame:
    position = 0 if lang == "zh" else 1
    frame = pd.DataFrame([[row[head] for head in heads] for row in rows], columns=list(heads))
    return frame.rename(columns={head: _HEADS[head][position] for head in heads})


def tabulate_comparison(evaluation: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """Every model on the same test rows: one row a model, the candidates first.

    Parameters
    ----------
    evaluation : mapping
        ``evaluation.json`` of a bundle, or what :func:`riskml.training.compare_on` returns.
    lang : {"zh", "en"}

    Returns
    -------
    DataFrame
        AUC, AP with its 95 % interval, Brier, recall and visits per case at 10 %, lead months.
    """
    rows = []
    names = evaluation["models"]
    candidates = [name for name in names if name not in MODELS]
    for name in (*candidates, *sort_models(name for name in names if name in MODELS)):
        measured = evaluation["models"][name]
        low, high = (measured.get("ci") or {}).get("ap") or (np.nan, np.nan)
        rows.append({
            "model": MODELS.get_name(name, lang),
            "auc": measured["auc"], "ap": measured["ap"], "ap_low": low, "ap_high": high, "brier": measured["brier"],
            "recall": measured["recall_at"]["0.10"], "visits": measured.get("visits_per_case"),
            "lead": measured["lead_months"],
        })  # fmt: skip
    heads = ("model", "auc", "ap", "ap_low", "ap_high", "brier", "recall", "visits", "lead")
    return _headed(rows, heads, lang).set_index(_HEADS["model"][0 if lang == "zh" else 1])


def tabulate_groups(evaluation: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """The audit by group: how many rows and falls, the share of falls missed, predicted and observed rates.

    Values with fewer than 20 rows are not in an evaluation, so they are not here either.
    """
    rows = [
        {
            **part,
            "group": GROUPS.get_name(part["group"], lang),
            "value": GROUP_VALUES.get_name(part["value"], lang),
            "probability": part["mean_probability"],
            "observed": part["observed_rate"],
        }
        for part in evaluation["groups"]
    ]
    heads = ("group", "value", "n", "positives", "visited", "missed", "probability", "observed")
    return _headed(rows, heads, lang)


def tabulate_checks(results: Iterable[CheckResult], lang: str = "zh") -> pd.DataFrame:
    """What each coded check said: one row a check, RKD001 first.

    >>> tabulate_checks([CheckResult("RKD008", "too few positives", "passed")], "en")["result"].tolist()
    ['passed']
    """
    rows = [
        {
            "code": result.code,
            "check": (lang == "zh" and result.title_zh) or result.title,
            "status": CHECK_STATUSES.get_name(result.status, lang),
            "message": (lang == "zh" and result.message_zh) or result.message,
        }
        for result in results
    ]
    return _headed(rows, ("code", "check", "status", "message"), lang)


def tabulate_coverage(coverage: Mapping[str, Any], lang: str = "zh") -> pd.DataFrame:
    """How much each table holds and how late its rows become known: one row a table that is there.

    Parameters
    ----------
    coverage : mapping
        See :func:`riskml.training.aggregates.describe_coverage`.
    lang : {"zh", "en"}
    """
    rows = []
    for name, told in coverage["tables"].items():
        if not told["present"]:
            continue
        late = told.get("lateness") or {}
        days = late.get("days") or {}
        rows.append({
            "table": getattr(TABLES[name], lang).split("(")[0].split("（")[0],
            "rows": told["rows"], "first": told["first"], "last": told["last"],
            "without": told["without_rows"], "late": late.get("late"),
            "median": days.get("0.5"), "slowest": days.get("0.9"),
        })  # fmt: skip
    heads = ("table", "rows", "first", "last", "without", "late", "median", "slowest")
    return _headed(rows, heads, lang)


def read_monthly_coverage(coverage: Mapping[str, Any]) -> pd.Series:
    """Share of households that report any income, by month."""
    months = coverage["months"]
    index = pd.period_range(months["first"], periods=len(months["share"]), freq="M").to_timestamp()
    return pd.Series(months["share"], index=index, name="share")


def tabulate_features(frame: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """The catalogue beside a frame of features: what each says, over which window, and how often it is known.

    Parameters
    ----------
    frame : DataFrame
        See :meth:`riskml.features.FeatureMatrix.to_frame`; columns that the catalogue lacks are left out.
    lang : {"zh", "en"}
    """
    rows = [
        {
            "feature": name,
            "topic": feature.topic,
            "unit": feature.unit,
            "window": feature.window,
            "says": getattr(feature, lang),
            "present": float(frame[name].notna().mean()),
        }
        for name, feature in CATALOGUE.items()
        if name in frame
    ]
    return _headed(rows, ("feature", "topic", "window", "unit", "says", "present"), lang)
