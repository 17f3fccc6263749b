"""Chinese and English words for what an evaluation names by code."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["GROUPS", "MISSING", "MODELS", "STATUS", "group_value", "in_order"]

Words = dict[str, dict[str, str]]

MODELS: Words = {
    "riskml": {"zh": "riskml 模型", "en": "riskml model"},
    "rule_line": {"zh": "监测线规则", "en": "rule line"},
    "distance_to_line": {"zh": "与监测线的距离", "en": "distance to the line"},
    "weighted_past_income": {"zh": "加权历史收入", "en": "weighted past income"},
    "logistic": {"zh": "逻辑回归", "en": "logistic regression"},
    "oracle": {"zh": "真实概率(模拟上限)", "en": "true probability (ceiling of the simulation)"},
}

GROUPS: Words = {
    "category": {"zh": "监测线规则建议的类别", "en": "category suggested by the rule line"},
    "exited": {"zh": "是否脱贫户", "en": "registered as formerly poor"},
    "no_labour": {"zh": "是否无劳动力户", "en": "without labour"},
    "region": {"zh": "地区", "en": "region"},
}

MISSING: Words = {
    "no_follow_up": {"zh": "无后续收入记录", "en": "no follow-up"},
    "emergency_help": {"zh": "期内应急救助", "en": "emergency help in the span"},
    "entered_recorded_late": {"zh": "纳入监测但迟登记", "en": "entry recorded late"},
    "below_line": {"zh": "已低于监测线", "en": "below the line already"},
    "monitored": {"zh": "已在监测中", "en": "monitored already"},
    "no_income": {"zh": "收入不详", "en": "income not known"},
    "unknown": {"zh": "尚未登记", "en": "not registered yet"},
}

STATUS: Words = {
    "passed": {"zh": "通过", "en": "passed"},
    "warning": {"zh": "提示", "en": "warning"},
    "failed": {"zh": "未通过", "en": "failed"},
    "not_applicable": {"zh": "不适用", "en": "not applicable"},
}

_VALUES: Words = {
    "yes": {"zh": "是", "en": "yes"},
    "no": {"zh": "否", "en": "no"},
    "unknown": {"zh": "不详", "en": "unknown"},
    "none": {"zh": "无", "en": "none"},
    "unstable_exit": {"zh": "脱贫不稳定户", "en": "unstable after leaving poverty"},
    "borderline": {"zh": "边缘易致贫户", "en": "borderline"},
    "sudden_hardship": {"zh": "突发严重困难户", "en": "sudden hardship"},
}


def group_value(value: str, lang: str) -> str:
    """Word for a value of a group; a region's code stands for itself.

    >>> group_value("borderline", "zh"), group_value("130529", "zh")
    ('边缘易致贫户', '130529')
    """
    return _VALUES.get(value, {}).get(lang, value)


def in_order(models: Iterable[str]) -> list[str]:
    """Models first, then the yardsticks in the order of the contract.

    >>> in_order(["logistic", "riskml", "rule_line"])
    ['riskml', 'rule_line', 'logistic']
    """
    known = list(MODELS)
    return sorted(models, key=lambda name: (known.index(name) if name in known else 0, name))
