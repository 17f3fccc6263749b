"""Short words of the pages, by kind and code, in both languages."""

from __future__ import annotations

from riskml.explanation import NOTICE, Explanation, Reason
from riskml.explanation.household.rendering import AGREEMENT, STATUS
from riskml.policy import TIERS
from riskml.records.contract.schema import CAUSES

__all__ = [
    "HUNDRED",
    "SHAPES",
    "WORDS",
    "agreement_code",
    "cut_note",
    "hundred",
    "notice_of",
    "tag_of",
    "together",
    "withheld_note",
    "word",
]

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
        "rule_only_outside": {"zh": "规则提示,模型名额之外", "en": "rule line; model beyond capacity"},
        "neither_outside": {"zh": "模型提示,名额之外", "en": "model, beyond capacity"},
    },
    "pointed": {
        "both": {"zh": "规则与模型", "en": "both"},
        "rule_only": {"zh": "仅规则", "en": "rule line only"},
        "model_only": {"zh": "仅模型", "en": "model only"},
        "neither": {"zh": "均未提示", "en": "neither"},
        "none": {"zh": "模型不作预测", "en": "no prediction"},
    },
    "agreement_long": {
        **AGREEMENT,
        "rule_only_outside": {
            "zh": "监测线规则提示关注;模型也提示风险,但未排入全县走访名额",
            "en": "The rule line points at this household; so does the model, but others come first for a visit",
        },
        "neither_outside": {
            "zh": "监测线规则未提示;模型提示风险,但未排入全县走访名额",
            "en": "The model points at this household, but others come first for a visit",
        },
    },
    "matter": {
        "illness": {"zh": "健康医疗", "en": "health"},
        "schooling": {"zh": "就学", "en": "schooling"},
        "disability": {"zh": "残疾照护", "en": "disability"},
        "disaster": {"zh": "灾害", "en": "disaster"},
        "accident": {"zh": "意外", "en": "accident"},
        "venture": {"zh": "产业经营", "en": "venture"},
        "work": {"zh": "务工就业", "en": "work"},
        "labour": {"zh": "劳动力", "en": "labour"},
        "housing": {"zh": "住房", "en": "housing"},
        "water": {"zh": "饮水", "en": "water"},
        "income": {"zh": "收入", "en": "income"},
        "household": {"zh": "家庭", "en": "household"},
        "help": {"zh": "帮扶", "en": "help"},
        "leads": {"zh": "线索", "en": "leads"},
        "attributes": {"zh": "其他", "en": "other"},
    },
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
        "overdue": {"zh": "已逾期(任一期限)", "en": "overdue"},
        "late_visit": {"zh": "走访逾期", "en": "visit overdue"},
        "late_decision": {"zh": "认定程序逾期", "en": "procedure overdue"},
        "late_helper": {"zh": "帮扶责任人逾期", "en": "helper overdue"},
        "unverified": {"zh": "从未核实", "en": "never verified"},
        "settled": {"zh": "已核实", "en": "verified"},
        "monitored": {"zh": "监测中", "en": "in monitoring"},
        "all": {"zh": "全部", "en": "all"},
    },
    "deadline": {
        "visit": {"zh": "走访期限", "en": "visit by"},
        "decision": {"zh": "认定程序期限", "en": "procedure by"},
        "helper": {"zh": "落实帮扶责任人", "en": "helper named by"},
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


def tag_of(reason: Reason, lang: str, *, risk: bool) -> str:
    """What a sentence is about: the official cause where it speaks for a risk, else the matter.

    "Because of" would be wrong beside what protects, "other" says nothing, and what is redacted may be illness or
    disability.

    >>> reason = Reason("illness", "illness", "admissions_12m", -0.1, "", "")
    >>> tag_of(reason, "zh", risk=True), tag_of(reason, "zh", risk=False)
    ('因病', '健康医疗')
    """
    if risk and reason.cause != "other" and reason.feature is not None:
        return word("cause", reason.cause, lang)
    return word("matter", reason.topic if reason.cause == "other" else reason.cause, lang)


def agreement_code(agreement: str, tier: str) -> str:
    """Code of the words for both verdicts.

    A household that the model points at by its tier may still come after the county's visit capacity: then it would be
    wrong to say that the model does not point at it.

    >>> agreement_code("neither", "likely"), agreement_code("neither", "stable"), agreement_code("both", "likely")
    ('neither_outside', 'neither', 'both')
    """
    return f"{agreement}_outside" if tier != TIERS[0] and agreement in ("neither", "rule_only") else agreement


def together(said: Explanation, lang: str) -> str:
    """How the two verdicts stand to one another, in words; nothing where the model has none."""
    if said.agreement is None or said.model is None:
        return ""
    return word("agreement_long", agreement_code(said.agreement, said.model.tier), lang)


def cut_note(shown: int, total: int, lang: str) -> str:
    """How many households of a list are shown; nothing where all are.

    >>> cut_note(5000, 6123, "zh"), cut_note(7, 7, "zh")
    ('前 5,000 户,共 6,123 户', '')
    """
    if shown >= total:
        return ""
    return f"前 {shown:,} 户,共 {total:,} 户" if lang == "zh" else f"the first {shown:,} of {total:,} households"


def withheld_note(least: int, lang: str) -> str:
    """What the star stands for where counts leave the house."""
    if lang == "zh":
        return f"* 村级少于 {least} 户,或为防止由合计推算,未列"
    return f"* fewer than {least} households of a village, or left out so that sums do not give them away"


HUNDRED = {"zh": "类似的 100 户中约(户)", "en": "about, of 100 like it"}
"""Heading of a column of probabilities."""


def hundred(probability: float | None) -> float | None:
    """A probability as households of a hundred, for a table.

    >>> hundred(0.34551796793689), hundred(None)
    (34.6, None)
    """
    return None if probability is None else round(100 * probability, 1)


def notice_of(lang: str, simulated: bool) -> str:
    """What stands on every page and every export."""
    return NOTICE[lang] + ({"zh": " · 模拟数据", "en": " · simulated data"}[lang] if simulated else "")
