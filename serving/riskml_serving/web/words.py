"""Short words of the pages, by kind and code, in both languages."""

from __future__ import annotations

from riskml.explanation import NOTICE
from riskml.explanation.rendering import AGREEMENT, STATUS
from riskml.records.schema import CAUSES

__all__ = ["SHAPES", "WORDS", "notice_of", "word"]

SHAPES = {"red": "■", "orange": "◆", "yellow": "▲", "green": "●"}
"""A shape for every colour: read in grey, and by those who do not tell the colours apart."""

CAUSES_EN = {
    "illness": "illness",
    "schooling": "schooling",
    "disability": "disability",
    "disaster": "natural disaster",
    "accident": "accident",
    "venture": "failed venture",
    "work": "unstable work",
    "labour": "lack of labour",
    "housing": "housing",
    "water": "drinking water",
    "other": "other",
}

WORDS: dict[str, dict[str, dict[str, str]]] = {
    "signal": {
        "red": {"zh": "红", "en": "red"},
        "orange": {"zh": "橙", "en": "orange"},
        "yellow": {"zh": "黄", "en": "yellow"},
        "green": {"zh": "绿", "en": "green"},
    },
    "agreement": {
        "both": {"zh": "规则与模型均提示", "en": "both point at it"},
        "rule_only": {"zh": "仅规则提示", "en": "rule line only"},
        "model_only": {"zh": "仅模型提示", "en": "model only"},
        "neither": {"zh": "均未提示", "en": "neither"},
    },
    "pointed": {
        "both": {"zh": "规则与模型", "en": "both"},
        "rule_only": {"zh": "仅规则", "en": "rule line only"},
        "model_only": {"zh": "仅模型", "en": "model only"},
        "neither": {"zh": "均未提示", "en": "neither"},
        "none": {"zh": "模型不作预测", "en": "no prediction"},
    },
    "agreement_long": AGREEMENT,
    "status": STATUS,
    "tier": {
        "very_likely": {"zh": "极易返贫", "en": "very likely"},
        "likely": {"zh": "较易返贫", "en": "likely"},
        "stable": {"zh": "稳定", "en": "stable"},
        "none": {"zh": "模型不作预测", "en": "no prediction"},
    },
    "category": {
        "unstable_exit": {"zh": "脱贫不稳定户", "en": "unstable after leaving poverty"},
        "borderline": {"zh": "边缘易致贫户", "en": "borderline household"},
        "sudden_hardship": {"zh": "突发严重困难户", "en": "household in sudden hardship"},
        "none": {"zh": "未纳入监测", "en": "not in monitoring"},
    },
    "cause": {code: {"zh": zh, "en": CAUSES_EN[code]} for code, zh in CAUSES.items()},
    "outcome": {
        "confirmed": {"zh": "属实", "en": "confirmed"},
        "rejected": {"zh": "不实", "en": "not confirmed"},
        "pending": {"zh": "待核", "en": "still open"},
        "not_met": {"zh": "未遇", "en": "nobody met"},
    },
    "state": {
        "open": {"zh": "待核", "en": "to verify"},
        "overdue": {"zh": "已逾期", "en": "overdue"},
        "unverified": {"zh": "从未核实", "en": "never verified"},
        "settled": {"zh": "已核实", "en": "verified"},
        "monitored": {"zh": "监测中", "en": "in monitoring"},
        "all": {"zh": "全部", "en": "all"},
    },
    "level": {
        "country": {"zh": "全部", "en": "all"},
        "province": {"zh": "省", "en": "province"},
        "city": {"zh": "市", "en": "city"},
        "county": {"zh": "县", "en": "county"},
        "town": {"zh": "乡镇", "en": "town"},
        "village": {"zh": "村", "en": "village"},
    },
}


def word(kind: str, code: str | None, lang: str) -> str:
    """Short word for a code; nothing for none.

    >>> word("signal", "red", "zh"), word("category", None, "zh")
    ('红', '')
    """
    return WORDS[kind][code][lang] if code else ""


def notice_of(lang: str, simulated: bool) -> str:
    """What stands on every page and every export."""
    return NOTICE[lang] + ({"zh": " · 模拟数据", "en": " · simulated data"}[lang] if simulated else "")
