"""An explanation as text: two verdicts side by side, the reasons, what is missing, what to verify, what is on offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from riskml.errors import UsageError
from riskml.explanation.household.explanation import NOTICE, RELATION, Explanation, FlagView, Reason
from riskml.explanation.wording.phrases import amount
from riskml.vocabulary.verdicts import COLOURS, STATUSES

__all__ = ["AGREEMENT", "describe_flag", "describe_probability", "render"]

AGREEMENT = {
    "both": {"zh": "监测线规则与模型都提示关注", "en": "The rule line and the model both point at this household"},
    "rule_only": {
        "zh": "监测线规则提示关注，模型判断风险不高",
        "en": "The rule line points at this household, the model does not",
    },
    "model_only": {
        "zh": "监测线规则未提示，模型判断风险较高，建议核实",
        "en": "The model points at this household, the rule line does not: worth verifying",
    },
    "neither": {"zh": "监测线规则与模型均未提示", "en": "Neither the rule line nor the model points at this household"},
}
UNITS = {
    "yuan": "元",
    "yuan/month": "元/月",
    "yuan/person/year": "元/人/年",
    "yuan/school year": "元/学年",
    "months": "个月",
    "events": "次",
}
WORDS = {
    "rule": {"zh": "监测线规则", "en": "Rule line"},
    "model": {"zh": "模型", "en": "Model"},
    "together": {"zh": "两者对照", "en": "Together"},
    "missing": {"zh": "缺少或过时的信息", "en": "Missing or stale"},
    "steps": {"zh": "需要核实", "en": "To verify"},
    "options": {
        "zh": "可供选择的帮扶措施（缺什么补什么，由工作人员研判）",
        "en": "Measures on offer (options, not a decision)",
    },
    "none": {"zh": "无", "en": "none"},
    "hidden": {
        "zh": "另有医疗或健康类提示（健康信息需经授权查看）",
        "en": "Further flags about health (details need permission)",
    },
}


def describe_probability(probability: float, horizon: int, lang: str) -> str:
    """A probability as a number of households.

    >>> describe_probability(0.123, 12, "zh")
    '类似的 100 户中，约 12 户在未来 12 个月内返贫'
    >>> describe_probability(0.001, 12, "en")
    'of 100 households like this one, fewer than 1 falls back within 12 months'
    """
    count = round(100 * probability)
    if lang == "zh":
        number = "不到 1 户" if count < 1 else f"约 {count} 户"
        return f"类似的 100 户中，{number}在未来 {horizon} 个月内返贫"
    number = "fewer than 1 falls" if count < 1 else f"about {count} {'falls' if count == 1 else 'fall'}"
    return f"of 100 households like this one, {number} back within {horizon} months"


def render(explanation: Explanation, lang: str = "zh") -> str:
    """Return the text of an explanation.

    Raises
    ------
    UsageError
        If the language is neither ``zh`` nor ``en``.
    """
    if lang not in ("zh", "en"):
        raise UsageError(f"There are no explanations in {lang!r}.", "Use zh or en.")
    return "\n".join(_lines(explanation, lang)) + "\n"


def _lines(e: Explanation, lang: str) -> Iterator[str]:
    yield f"{e.household_id} · {e.as_of} · {_colour(e.signal, lang)}"
    yield NOTICE[lang]
    yield ""
    yield f"{WORDS['rule'][lang]}{_colon(lang)}{_rule(e, lang)}"
    yield from (f"  - {describe_flag(flag, lang)}" for flag in e.rule.flags)
    if e.rule.hidden_flags:
        yield f"  - {WORDS['hidden'][lang]}"
    yield f"{WORDS['model'][lang]}{_colon(lang)}{_model(e, lang)}"
    if e.agreement:
        yield f"{WORDS['together'][lang]}{_colon(lang)}{AGREEMENT[e.agreement][lang]}"
    for reasons, title in ((e.reasons, RELATION["reasons"]), (e.protections, RELATION["protections"])):
        if reasons:
            yield ""
            yield f"{title[lang][:1].upper()}{title[lang][1:]}{_colon(lang).rstrip()}"
            yield from _numbered(e, reasons, lang)
    for name, texts in (
        ("missing", [gap.zh if lang == "zh" else gap.en for gap in e.missing]),
        ("steps", [step.zh if lang == "zh" else step.en for step in e.steps]),
        ("options", list(_options(e, lang))),
    ):
        if texts:
            yield ""
            yield f"{WORDS[name][lang]}{_colon(lang).rstrip()}"
            yield from (f"  {'□' if name == 'steps' else '-'} {text}" for text in texts)


def _colour(code: str, lang: str) -> str:
    return COLOURS[code].name(lang) + ("色" if lang == "zh" else "")


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "


def _numbered(e: Explanation, reasons: Iterable[Reason], lang: str) -> Iterator[str]:
    for number, reason in enumerate(reasons, 1):
        cause = e.names[reason.cause][lang]
        yield f"  {number}. 【{cause}】{reason.zh}" if lang == "zh" else f"  {number}. [{cause}] {reason.en}"


def _rule(e: Explanation, lang: str) -> str:
    rule = e.rule
    words = [_colour(rule.colour, lang)]
    if rule.category:
        words.append(e.names[rule.category][lang])
    if rule.income is not None and rule.line is not None and rule.gap is not None:
        apart = amount(abs(rule.gap), lang)
        if lang == "zh":
            side = "高" if rule.gap >= 0 else "低"
            words.append(
                f"近 {rule.window} 个月人均纯收入 {amount(rule.income, lang)}，"
                f"监测线 {amount(rule.line, lang)}，{side} {apart}"
            )
        else:
            side = "above" if rule.gap >= 0 else "below"
            words.append(
                f"income per head of the last {rule.window} months {amount(rule.income, lang)}, "
                f"line {amount(rule.line, lang)}, {apart} {side}"
            )
    if rule.gap_after_spending is not None and rule.gap_after_spending != rule.gap:
        apart = amount(abs(rule.gap_after_spending), lang)
        if lang == "zh":
            side = "高" if rule.gap_after_spending >= 0 else "低"
            words.append(f"扣除刚性支出后比监测线{side} {apart}")
        else:
            side = "above" if rule.gap_after_spending >= 0 else "below"
            words.append(f"after unavoidable spending {apart} {side} the line")
    return ("；" if lang == "zh" else "; ").join(words)


def describe_flag(flag: FlagView, lang: str) -> str:
    """A flag with what was observed and the threshold, or its name alone where those are hidden."""
    name = flag.zh if lang == "zh" else flag.en
    if flag.observed is None or flag.threshold is None:
        return name
    observed, threshold = (_measure(value, flag.unit, lang) for value in (flag.observed, flag.threshold))
    if lang == "zh":
        return f"{name}：{observed}（标准 {threshold}）"
    return f"{name}: {observed} (threshold {threshold})"


def _measure(value: float, unit: str, lang: str) -> str:
    if unit == "share":
        return f"{value:.0%}"
    return f"{value:,.0f} {UNITS.get(unit, unit) if lang == 'zh' else unit}"


def _model(e: Explanation, lang: str) -> str:
    if e.model is None:
        return STATUSES[e.status].sentence(lang)
    tier = e.names[e.model.tier][lang]
    return f"{tier}{'；' if lang == 'zh' else '; '}{describe_probability(e.model.probability, e.model.horizon, lang)}"


def _options(e: Explanation, lang: str) -> Iterator[str]:
    for cause in dict.fromkeys(option.cause for option in e.options):
        names = [option.measure.name(lang) for option in e.options if option.cause == cause]
        yield f"{e.names[cause][lang]}{_colon(lang)}{('、' if lang == 'zh' else ', ').join(names)}"
