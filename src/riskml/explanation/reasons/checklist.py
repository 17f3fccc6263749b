"""The checklist for a visit: steps that verify each cause, and steps that complete missing records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskml.vocabulary.causes import CAUSES

MOST_STEPS, MOST_GAPS = 10, 3


@dataclass(frozen=True)
class Step:
    """One step on the checklist.

    Parameters
    ----------
    cause : str
        Code of the cause to which the step belongs; empty for a step about missing records.
    zh, en : str
    """

    cause: str
    zh: str
    en: str


STEPS_MISSING: dict[str, Step] = {
    code: Step("", zh, en)
    for code, zh, en in (
        ("no_income", "补录家庭收入", "Record the household's income"),
        ("stale_income", "补录最近几个月的收入", "Record the income for the latest months"),
        ("income_gaps", "补录缺报月份的收入", "Record the income for the missing months"),
        ("no_members", "补录家庭成员信息", "Register the members"),
        ("unknown_labour", "登记家庭成员的劳动能力", "Register who is able to work"),
        ("unknown_health", "登记家庭成员的健康状况", "Register the members' state of health"),
        ("unknown_self_paid", "补录就医自付金额", "Record what the household paid for medical care"),
        ("unknown_loss", "核定并补录受灾损失", "Assess and record the losses"),
        ("no_visit", "入户走访，记录所见", "Visit the household and record what is found"),
    )
}
"""Steps for missing records, by the code of the missing record."""


def choose_steps(
    causes: Sequence[str], missing: Sequence[str], overrides: Mapping[str, tuple[Step, ...]] | None = None
) -> list[Step]:
    """Make a checklist of up to about ten steps.

    Parameters
    ----------
    causes : sequence of str
        Cause codes, the most important first; duplicates count once. Every cause gets its first step, however long
        the list becomes; further steps fill it up to ten.
    missing : sequence of str
        Codes of missing records, as in :mod:`riskml.explanation.household.missing`.
    overrides : mapping of str to tuple of Step, optional
        Steps by cause code, used instead of the default steps.

    Examples
    --------
    >>> [step.zh for step in choose_steps(["housing", "housing"], ["no_visit"])]
    ['现场查看住房安全，必要时申请鉴定', '入户走访，记录所见']
    """
    own = overrides or {}
    each = [own.get(cause) or [Step(cause, *texts) for texts in CAUSES[cause].steps] for cause in dict.fromkeys(causes)]
    gaps = [STEPS_MISSING[code] for code in dict.fromkeys(missing) if code in STEPS_MISSING]
    room = MOST_STEPS - len(each) - min(len(gaps), MOST_GAPS)
    steps: list[Step] = []
    for first, *second in each:
        steps += [first, *second[: max(room, 0)]]
        room -= len(second)
    return [*steps, *gaps[: max(MOST_STEPS - len(steps), MOST_GAPS)]]
