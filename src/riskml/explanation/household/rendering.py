"""Render an explanation as text: both verdicts, reasons, missing records, the checklist and available measures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from riskml.errors import UsageError
from riskml.explanation.household.explanation import NOTICE, Explanation, FlagView, Reason
from riskml.explanation.wording.kinds import describe_fall
from riskml.explanation.wording.phrases import format_income, format_yuan, name_month
from riskml.policy.rule_line import SPENDING_TRIGGER
from riskml.policy.signal import is_near_line, refine_agreement
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import COLOURS, REFINED_AGREEMENTS, STATUSES, UNKNOWN_COLOUR

NO_VERDICT = {"zh": "收入记录不足，无法判断", "en": "too little income recorded to judge"}
"""Text for a household that the rule line cannot judge."""
UNITS = {
    "yuan": "元",
    "yuan/month": "元/月",
    "yuan/person/year": "元/人/年",
    "yuan/school year": "元/学年",
    "months": "个月",
}


def describe_probability(probability: float, horizon: int, lang: str, kind: str | None = None) -> str:
    """Describe a probability as a number out of 100 households; ``kind`` is that of the household.

    >>> describe_probability(0.123, 12, "zh")
    '类似的 100 户中，约 12 户在未来 12 个月内返贫致贫'
    >>> describe_probability(0.001, 12, "en", "exited")
    'fewer than 1 in 100 households like this one falls back into poverty within 12 months'
    """
    count = round(100 * probability)
    if lang == "zh":
        number = "不到 1 户" if count < 1 else f"约 {count} 户"
        return f"类似的 100 户中，{number}在未来 {horizon} 个月内{describe_fall(kind, lang)}"
    number = "fewer than 1" if count < 1 else f"about {count}"
    verb = describe_fall(kind, lang).replace("fall", "falls" if count <= 1 else "fall")
    return f"{number} in 100 households like this one {verb} within {horizon} months"


def render(explanation: Explanation, lang: str = "zh") -> str:
    """Render an explanation as text.

    Raises
    ------
    UsageError
        If the language is neither ``zh`` nor ``en``.
    """
    if lang not in ("zh", "en"):
        raise UsageError("There are no explanations in {lang!r}.", "Use zh or en.", lang=lang)
    return "\n".join(_write_lines(explanation, lang)) + "\n"


def _write_lines(e: Explanation, lang: str) -> Iterator[str]:
    def choose(zh: str, en: str) -> str:
        return zh if lang == "zh" else en

    colon = choose("：", ": ")
    yield f"{e.household_id} · {e.as_of} · {_describe_colour(e.signal, lang)}"
    yield NOTICE[lang]
    yield ""
    yield choose("监测线规则", "Rule line") + colon + _describe_rule(e, lang)
    yield from (f"  - {describe_flag(flag, lang)}" for flag in e.rule.flags)
    if e.rule.hidden_flags:
        hidden = choose(
            "另有医疗或健康类提示（健康信息需经授权查看）", "Further health flags (details need permission)"
        )
        yield f"  - {hidden}"
    yield choose("模型", "Model") + colon + _describe_model(e, lang)
    if together := describe_agreement(e, lang):
        yield choose("两者对照", "Comparison") + colon + together
    reason_tags = [e.names[reason.cause][lang] for reason in e.reasons]
    subjects = [CAUSES[reason.cause].get_subject(lang) for reason in e.protections]
    sections = (
        (
            e.name_relation("reasons", lang),
            _number_reasons(e.reasons, reason_tags, lang),
        ),
        (
            e.name_relation("protections", lang),
            _number_reasons(e.protections, subjects, lang),
        ),
        (
            choose("缺少或过时的信息", "Missing or outdated information"),
            [f"- {gap.get_name(lang)}" for gap in e.missing],
        ),
        (choose("需要核实", "To verify"), [f"□ {choose(step.zh, step.en)}" for step in e.steps]),
        (
            choose(
                "可供选择的帮扶措施（缺什么补什么，由工作人员研判）", "Available measures (options, not a decision)"
            ),
            [f"- {e.names[c][lang]}{colon}{choose('、', ', ').join(names)}" for c, names in e.name_options(lang)],
        ),
    )
    for number, (title, texts) in enumerate(sections):
        if texts:
            yield ""
            yield f"{title[:1].upper()}{title[1:]}{colon.rstrip()}"
            yield from (f"  {text}" for text in texts)
        if number == 1 and (others := e.list_others(lang)):
            yield ""
            yield others


def _number_reasons(reasons: tuple[Reason, ...], tags: list[str], lang: str) -> list[str]:
    form = "{}. 【{}】{}" if lang == "zh" else "{}. [{}] {}"
    pairs = zip(tags, reasons, strict=True)
    return [form.format(i, tag, reason.get_text(lang)) for i, (tag, reason) in enumerate(pairs, 1)]


def _describe_colour(code: str, lang: str) -> str:
    colour = COLOURS.get(code, UNKNOWN_COLOUR)
    return colour.get_name(lang) + ("色" if lang == "zh" else "")


def describe_agreement(e: Explanation, lang: str) -> str:
    """Describe in a sentence how the two verdicts agree; return an empty string if there is no prediction."""
    if e.agreement is None or e.model is None:
        return ""
    near_line = is_near_line(e.rule.colour, flagged=bool(e.rule.flags or e.rule.hidden_flags))
    return REFINED_AGREEMENTS[refine_agreement(e.agreement, e.model.tier, near_line=near_line)].get_sentence(lang)


def describe_category(e: Explanation, lang: str) -> str:
    """Describe the category of a household; one that the rule line only suggests still has to be confirmed.

    The description is empty without a category.
    """
    if e.rule.category is None:
        return ""
    name = e.names[e.rule.category][lang]
    if e.rule.monitored:
        return name
    if lang == "zh":
        return f"符合“{name}”预警条件，待认定"
    return f"meets the conditions for “{name}”, to be confirmed"


def _describe_rule(e: Explanation, lang: str) -> str:
    rule, zh = e.rule, lang == "zh"
    words = [_describe_colour(rule.colour, lang)]
    if rule.colour == UNKNOWN_COLOUR.code:
        words.append(NO_VERDICT[lang])
    if rule.category:
        words.append(describe_category(e, lang))
    if rule.income is not None and rule.line is not None and rule.gap is not None:
        income, line, gap = (
            format_income(rule.income, lang),
            format_yuan(rule.line, lang),
            _describe_gap(rule.gap, lang),
        )
        words.append(
            f"近 {rule.window} 个月人均纯收入{income}，监测线 {line}，{gap}"
            if zh
            else f"income per head in the last {rule.window} months was {income}, {gap} the line of {line}"
        )
    if rule.income_until is not None:
        month = name_month(dt.date.fromisoformat(rule.income_until), lang)
        words.append(f"收入数据截至 {month}" if zh else f"income known up to {month}")
    if rule.spending:
        items = [f"{item.get_name(lang)} {format_yuan(item.amount, lang)}" for item in rule.spending]
        words.append(f"近 12 个月刚性支出 {'、'.join(items)}" if zh else f"spent within 12 months: {', '.join(items)}")
    if rule.gap_after_spending is not None and rule.gap_after_spending != rule.gap:
        gap = _describe_gap(rule.gap_after_spending, lang)
        words.append(f"扣除刚性支出后比监测线{gap}" if zh else f"after unavoidable spending, {gap} the line")
    return ("；" if zh else "; ").join(words)


def _describe_gap(gap: float, lang: str) -> str:
    yuan = format_yuan(abs(gap), lang)
    return f"{'高' if gap >= 0 else '低'} {yuan}" if lang == "zh" else f"{yuan} {'above' if gap >= 0 else 'below'}"


def describe_flag(flag: FlagView, lang: str) -> str:
    """Describe a flag by its name, the observed value and the threshold, or by its name alone if these are hidden."""
    name = flag.get_name(lang)
    if flag.observed is None or flag.threshold is None:
        return name
    if flag.unit == "events":
        zh, en = "{} {:.0f} 次（满 {:.0f} 次即预警）", "{}: {:.0f} (flagged at {:.0f} or more)"
        return (zh if lang == "zh" else en).format(name, flag.observed, flag.threshold)
    observed, threshold = (_format_measure(value, flag.unit, lang) for value in (flag.observed, flag.threshold))
    if flag.observed < 0:
        observed = _describe_loss(flag.code, -flag.observed, lang)
    return f"{name}：{observed}（标准 {threshold}）" if lang == "zh" else f"{name}: {observed} (threshold {threshold})"


def _describe_loss(code: str, loss: float, lang: str) -> str:
    """Describe a negative income in yuan/person/year: as a loss, or as spending that exceeds income.

    >>> _describe_loss("income_below_line", 772.0, "zh"), _describe_loss(SPENDING_TRIGGER, 28_679.0, "zh")
    ('人均亏损 772 元/年', '自付支出超过收入，人均超出 28,679 元/年')
    >>> _describe_loss(SPENDING_TRIGGER, 28_679.0, "en")
    'spending exceeds income by 28,679 yuan per head a year'
    """
    yuan = format_yuan(loss, lang)
    if code == SPENDING_TRIGGER:
        zh, en = f"自付支出超过收入，人均超出 {yuan}/年", f"spending exceeds income by {yuan} per head a year"
    else:
        zh, en = f"人均亏损 {yuan}/年", f"a loss of {yuan} per head a year"
    return zh if lang == "zh" else en


def _format_measure(value: float, unit: str, lang: str) -> str:
    if unit == "share":
        return f"{value:.0%}"
    return f"{value:,.0f} {UNITS.get(unit, unit) if lang == 'zh' else unit}"


def _describe_model(e: Explanation, lang: str) -> str:
    if e.model is None:
        return STATUSES[e.status].make_sentence(lang)
    probability = describe_probability(e.model.probability, e.model.horizon, lang, e.kind)
    return e.names[e.model.tier][lang] + ("；" if lang == "zh" else "; ") + probability
