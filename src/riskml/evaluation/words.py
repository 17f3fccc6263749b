"""Chinese and English names for the codes that an evaluation uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from riskml.vocabulary.terms import Term, Vocabulary
from riskml.vocabulary.verdicts import CATEGORIES, STATUSES

__all__ = ["CHECK_STATUSES", "GROUPS", "GROUP_VALUES", "MISSING", "MODELS", "name_groups", "sort_models"]

MODELS = Vocabulary(
    Term("riskml", "riskml 模型", "riskml model"),
    Term("rule_line", "监测线规则", "rule line"),
    Term("distance_to_line", "与监测线的距离", "distance to the line"),
    Term("weighted_past_income", "加权历史收入", "weighted past income"),
    Term("logistic", "逻辑回归", "logistic regression"),
    Term("oracle", "真实概率（模拟上限）", "true probability (ceiling of the simulation)"),
)
"""The model, followed by the baselines in the order in which tables list them."""

GROUPS = Vocabulary(
    Term("category", "监测线规则建议的类别", "category suggested by the rule line"),
    Term("exited", "是否脱贫户", "registered as formerly poor"),
    Term("no_labour", "是否无劳动力户", "without labour"),
    Term("income", "收入登记方式", "how income becomes known"),
    Term("region", "地区", "region"),
)

GROUP_VALUES = Vocabulary(
    Term("yes", "是", "yes"),
    Term("no", "否", "no"),
    Term("unknown", "不详", "unknown"),
    Term("none", "无", "none"),
    Term("stated", "年度申报", "yearly statements"),
    Term("monthly", "按月登记", "reports by month"),
    *CATEGORIES.values(),
)
"""Names of the groups' values; a region is named by its code."""

MISSING = Vocabulary(
    Term("no_follow_up", "无后续收入记录", "no follow-up"),
    Term("emergency_help", "期内应急救助", "emergency help in the span"),
    Term("entered_recorded_late", "纳入监测但迟登记", "entry recorded late"),
    Term("not_followed", "该日期后续收入尚不可知", "date not followed up"),
    *(status for code, status in STATUSES.items() if code != "at_risk"),
)
"""Reasons why a household has no label or is not in the cohort."""

CHECK_STATUSES = Vocabulary(
    Term("passed", "通过", "passed"),
    Term("warning", "提示", "warning"),
    Term("failed", "未通过", "failed"),
    Term("not_applicable", "不适用", "not applicable"),
)


def name_groups(rows: Iterable[Mapping[str, Any]], lang: str) -> list[dict[str, Any]]:
    """Add the ``name`` of the group and the ``word`` for its value to the entries of the audit by group.

    >>> [(row["name"], row["word"]) for row in name_groups([{"group": "exited", "value": "yes"}], "en")]
    [('registered as formerly poor', 'yes')]
    """
    return [
        {**row, "name": GROUPS.get_name(row["group"], lang), "word": GROUP_VALUES.get_name(row["value"], lang)}
        for row in rows
    ]


def sort_models(models: Iterable[str]) -> list[str]:
    """Sort names: riskml and unlisted models first, then the baselines in the order in which ``MODELS`` lists them.

    >>> sort_models(["logistic", "riskml", "rule_line"])
    ['riskml', 'rule_line', 'logistic']
    """
    known = MODELS.codes
    return sorted(models, key=lambda name: (known.index(name) if name in known else 0, name))
