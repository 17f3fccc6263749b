"""What to verify on the doorstep: steps for each cause, and for what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["STEPS", "STEPS_MISSING", "Step", "choose_steps"]

MOST_STEPS, MOST_GAPS = 10, 3


@dataclass(frozen=True)
class Step:
    """One thing to verify.

    Parameters
    ----------
    cause : str
        Cause code that it belongs to; empty for a step about missing records.
    zh, en : str
    """

    cause: str
    zh: str
    en: str


def _steps(cause: str, *pairs: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(Step(cause, zh, en) for zh, en in pairs)


STEPS: dict[str, tuple[Step, ...]] = {
    "illness": _steps(
        "illness",
        (
            "核对医疗费票据和医保结算单,确认自付金额",
            "Check bills and insurance statements: what was really paid out of pocket",
        ),
        (
            "了解后续治疗安排和预计费用,核对三重保障是否已报销到位",
            "Ask what treatment follows and costs; check that all three layers of insurance have paid",
        ),
    ),
    "schooling": _steps(
        "schooling",
        ("核对在校情况和就学费用,确认资助是否到位", "Check attendance and school costs, and whether aid has arrived"),
        ("如有辍学,了解原因", "If a child left school, ask why"),
    ),
    "disability": _steps(
        "disability",
        ("核对残疾证和残疾人补贴是否落实", "Check the disability certificate and whether allowances are paid"),
        ("了解照料负担", "Ask about the burden of care"),
    ),
    "disaster": _steps(
        "disaster",
        ("现场查看受灾情况,核定损失", "Look at the damage and assess the loss"),
        ("核对保险理赔和救助是否到位", "Check whether insurance and relief have been paid"),
    ),
    "accident": _steps(
        "accident",
        ("了解事故经过、责任和赔付情况", "Ask about the accident, liability and compensation"),
        ("了解伤者恢复情况和误工时间", "Ask about recovery and time off work"),
    ),
    "venture": _steps(
        "venture",
        ("查看产业项目现状,核对成本、销售和欠款", "Look at the venture: costs, sales, debts"),
        ("了解是否需要技术、销路或信贷支持", "Ask whether it needs know-how, buyers or credit"),
    ),
    "work": _steps(
        "work",
        (
            "核对务工人员目前就业状态、工资和是否拖欠",
            "Check whether the workers have work now, at what wage, and whether wages are owed",
        ),
        (
            "了解失业或收入减少的时间和再就业意愿",
            "Ask since when work or wages were lost, and whether they look for work",
        ),
    ),
    "labour": _steps(
        "labour",
        ("核对家庭成员劳动能力和实际务工人数", "Check who is able to work and who does"),
        ("了解照料老人和子女的负担", "Ask about the care of old people and children"),
    ),
    "housing": _steps("housing", ("现场查看住房安全,必要时申请鉴定", "Look at the house; have it assessed if need be")),
    "water": _steps(
        "water", ("现场查看饮水水量、水质和取水方便程度", "Look at the water: how much, how clean, how far")
    ),
    "other": _steps(
        "other",
        (
            "核对近 12 个月各项收入,与监测线逐项对照",
            "Go through the income of the last 12 months, source by source, against the line",
        ),
        ("了解刚性支出和债务", "Ask about unavoidable spending and debts"),
    ),
}
"""Steps by cause code."""

STEPS_MISSING: dict[str, Step] = {
    code: Step("", zh, en)
    for code, zh, en in (
        ("no_income", "补录家庭收入", "Record the household's income"),
        ("stale_income", "补录最近几个月的收入", "Record the income of the latest months"),
        ("income_gaps", "补录缺报月份的收入", "Record the income of the missing months"),
        ("no_members", "补录家庭成员信息", "Register the members"),
        ("unknown_labour", "登记家庭成员的劳动能力", "Register who is able to work"),
        ("unknown_health", "登记家庭成员的健康状况", "Register the members' state of health"),
        ("unknown_self_paid", "补录就医自付金额", "Record what was paid for medical care"),
        ("unknown_loss", "核定并补录受灾损失", "Assess and record the losses"),
        ("no_visit", "入户走访,记录所见", "Visit the household and record what is found"),
    )
}
"""Steps by code of what is missing."""


def choose_steps(
    causes: Sequence[str], missing: Sequence[str], own: Mapping[str, tuple[Step, ...]] | None = None
) -> list[Step]:
    """Make a checklist of about ten steps.

    Parameters
    ----------
    causes : sequence of str
        Cause codes, the most important first; each counts once. Every one has its first step, as long as the list may
        get; second steps fill what is left of ten.
    missing : sequence of str
        Codes of :mod:`riskml.explanation.household.missing`.
    own : mapping of str to tuple of Step, optional
        Steps in place of ``STEPS``, by cause.

    Examples
    --------
    >>> [step.zh for step in choose_steps(["housing", "housing"], ["no_visit"])]
    ['现场查看住房安全,必要时申请鉴定', '入户走访,记录所见']
    """
    known = {**STEPS, **(own or {})}
    each = [known[cause] for cause in dict.fromkeys(causes)]
    gaps = [STEPS_MISSING[code] for code in dict.fromkeys(missing) if code in STEPS_MISSING]
    room = MOST_STEPS - len(each) - min(len(gaps), MOST_GAPS)
    steps: list[Step] = []
    for first, *second in each:
        steps += [first, *second[: max(room, 0)]]
        room -= len(second)
    return [*steps, *gaps[: max(MOST_STEPS - len(steps), MOST_GAPS)]]
