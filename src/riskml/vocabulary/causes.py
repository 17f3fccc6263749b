"""Official causes of risk: each says why a household is monitored, or what a reason for a score is about.

To add a cause, declare it here, before ``other``, and add its measures to ``policy/policy.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass

from riskml.errors import UsageError
from riskml.vocabulary.terms import Term, Vocabulary


@dataclass(frozen=True)
class Cause(Term):
    """One official cause.

    Parameters
    ----------
    code, zh, en : str
    subject : (str, str)
        What the cause is about, in Chinese and in English. Sentences that state no risk use this instead of the name,
        since a name such as 因病 means "because of illness".
    steps : tuple of (str, str)
        What to verify during a visit, in Chinese and in English, starting with the most important step.
    concerns_health : bool, default False
        Whether the cause reveals something about a person's health; if so, only readers with permission may see it.

    Raises
    ------
    UsageError
        If ``steps`` is empty.
    """

    subject: tuple[str, str]
    steps: tuple[tuple[str, str], ...]
    concerns_health: bool = False

    def __post_init__(self) -> None:
        if not self.steps:
            raise UsageError(
                "The cause {cause!r} has no verification step.",
                "Add at least one pair of sentences (zh, en) to its steps in riskml/vocabulary/causes.py.",
                cause=self.code,
            )

    def get_subject(self, lang: str) -> str:
        """Return what the cause is about, for a sentence that states no risk."""
        zh, en = self.subject
        return zh if lang == "zh" else en


CAUSES = Vocabulary(
    Cause(
        "illness",
        "因病",
        "illness",
        subject=("健康医疗", "health"),
        steps=(
            (
                "核对医疗费票据和医保结算单，确认自付金额",
                "Check medical bills and insurance statements to confirm what was paid out of pocket",
            ),
            (
                "了解后续治疗安排和预计费用，核对三重保障是否已报销到位",
                "Ask about further treatment and its expected cost; check that all three layers of insurance have paid",
            ),
        ),
        concerns_health=True,
    ),
    Cause(
        "schooling",
        "因学",
        "schooling",
        subject=("就学", "schooling"),
        steps=(
            (
                "核对在校情况和就学费用，确认资助是否到位",
                "Check school attendance and costs, and whether aid has been paid",
            ),
            ("如有辍学，了解原因", "If a child left school, ask why"),
        ),
    ),
    Cause(
        "disability",
        "因残",
        "disability",
        subject=("残疾照护", "disability"),
        steps=(
            ("核对残疾证和残疾人补贴是否落实", "Check the disability certificate and whether allowances are paid"),
            ("了解照料负担", "Ask about the burden of care"),
        ),
        concerns_health=True,
    ),
    Cause(
        "disaster",
        "因自然灾害",
        "natural disaster",
        subject=("灾害", "disaster"),
        steps=(
            ("现场查看受灾情况，核定损失", "Look at the damage and assess the loss"),
            ("核对保险理赔和救助是否到位", "Check whether insurance and relief have been paid"),
        ),
    ),
    Cause(
        "accident",
        "因意外事故",
        "accident",
        subject=("意外", "accident"),
        steps=(
            ("了解事故经过、责任和赔付情况", "Ask about the accident, liability and compensation"),
            ("了解伤者恢复情况和误工时间", "Ask about recovery and time off work"),
        ),
    ),
    Cause(
        "venture",
        "因产业项目失败",
        "failed venture",
        subject=("产业经营", "venture"),
        steps=(
            ("查看产业项目现状，核对成本、销售和欠款", "Look at the venture; check its costs, sales and debts"),
            ("了解是否需要技术、销路或信贷支持", "Ask whether it needs know-how, buyers or credit"),
        ),
    ),
    Cause(
        "work",
        "因务工就业不稳",
        "unstable work",
        subject=("务工就业", "work"),
        steps=(
            (
                "核对务工人员目前就业状态、工资和是否拖欠",
                "Check whether the workers are employed now, at what wage, and whether any wages are overdue",
            ),
            (
                "了解失业或收入减少的时间和再就业意愿",
                "Ask when work or wages were lost, and whether the workers want a new job",
            ),
        ),
    ),
    Cause(
        "labour",
        "缺劳动力",
        "lack of labour",
        subject=("劳动力", "labour"),
        steps=(
            ("核对家庭成员劳动能力和实际务工人数", "Check who is able to work and who is actually working"),
            ("了解照料老人和子女的负担", "Ask about the burden of caring for elderly people and children"),
        ),
    ),
    Cause(
        "housing",
        "住房安全",
        "housing",
        subject=("住房", "housing"),
        steps=(("现场查看住房安全，必要时申请鉴定", "Check whether the house is safe; have it assessed if necessary"),),
    ),
    Cause(
        "water",
        "饮水安全",
        "drinking water",
        subject=("饮水", "water"),
        steps=(
            (
                "现场查看饮水水量、水质和取水方便程度",
                "Check the water supply: how much there is, how clean it is and how far away",
            ),
        ),
    ),
    Cause(
        "other",
        "其他",
        "other",
        subject=("其他", "other"),
        steps=(
            (
                "核对近 12 个月各项收入，与监测线逐项对照",
                "Go through the income of the last 12 months source by source and compare it with the line",
            ),
            ("了解刚性支出和债务", "Ask about unavoidable spending and debts"),
        ),
    ),
)
"""Every cause by code; ``other`` comes last."""

HEALTH_CAUSES = tuple(code for code, cause in CAUSES.items() if cause.concerns_health)
"""Causes that concern health; redaction replaces all of them by the first, since even ``disability`` is a diagnosis."""
