"""Find a household's missing or stale records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from riskml.records.contract.schema import TABLES, list_codes
from riskml.records.contract.versions import NO_DAY
from riskml.records.panel.panel import Panel
from riskml.vocabulary.terms import Term

STALE, GAPS = 2, 3
"""Minimum numbers of months without an income report that are mentioned.

The first is for the latest months in a row, the second for earlier months of the last year.
"""


@dataclass(frozen=True)
class Missing(Term):
    """One kind of record that is missing or stale.

    Parameters
    ----------
    code : str
    zh, en : str
    health : bool, default False
        Whether it reveals something about health.
    """

    health: bool = False


def find_missing(panel: Panel) -> list[Missing]:
    """Find the missing records of a panel's only household, the most important first.

    Parameters
    ----------
    panel : Panel
        A panel of one household.
    """
    assert panel.n == 1, "expects a panel of one household"
    checks = (_check_income, _check_line, _check_tables, _check_members, _check_amounts, _check_visits)
    return [gap for check in checks for gap in check(panel)]


def _check_income(panel: Panel) -> Iterator[Missing]:
    reported = panel.reported[:, 0]
    if not reported.any():
        months = panel.months
        yield Missing("no_income", f"近 {months} 个月无收入记录", f"No income is recorded in the last {months} months")
        return
    stale = int(reported.argmax())
    # A statement tells the income of a year months after its end; until the next one, later months are not missing.
    late = stale >= STALE and not (panel.stated[0] and panel.income_until[0] != NO_DAY)
    if late:
        yield Missing("stale_income", f"近 {stale} 个月无收入记录", f"No income is recorded in the last {stale} months")
    holes = int((~reported[stale:12]).sum()) if stale < 12 else 0
    if holes >= GAPS:
        yield Missing(
            "income_gaps",
            f"近 12 个月中另有 {holes} 个月无收入记录" if late else f"近 12 个月中有 {holes} 个月无收入记录",
            f"{holes} {'more ' if late else ''}of the last 12 months have no income recorded",
        )


def _check_line(panel: Panel) -> Iterator[Missing]:
    if np.isnan(panel.line[0, 0]):
        yield Missing("no_line", "所在地没有在用的监测线", "No monitoring line is in force in the region")


def _check_tables(panel: Panel) -> Iterator[Missing]:
    if absent := _name_absent(panel.present):
        yield absent


@cache
def _name_absent(present: frozenset[str]) -> Missing | None:
    absent = [table for table in TABLES.values() if not table.required and table.name not in present]
    zh, en = "、".join(table.zh for table in absent), ", ".join(table.en for table in absent)
    return Missing("absent_tables", f"未提供的数据：{zh}", f"Data not provided: {en}") if absent else None


def _check_members(panel: Panel) -> Iterator[Missing]:
    members = panel.members
    if members is None:
        return
    if not len(members):
        yield Missing("no_members", "无家庭成员信息", "No member is registered")
        return
    for column, zh, en in (("labour", "劳动能力", "ability to work"), ("health", "健康状况", "state of health")):
        unknown = int((members[column] < 0).sum())
        if unknown:
            yield Missing(
                f"unknown_{column}",
                f"{unknown} 名家庭成员的{zh}未登记",
                f"Members whose {en} is not registered: {unknown}",
                health=column == "health",
            )


_AMOUNTS = (
    (
        "illness",
        "self_paid",
        "unknown_self_paid",
        "就医记录未填自付金额",
        "Medical records with no self-paid amount recorded",
    ),
    ("disaster", "loss", "unknown_loss", "受灾记录未填损失金额", "Disasters with no amount of loss recorded"),
)


def _check_amounts(panel: Panel) -> Iterator[Missing]:
    for table, column, code, zh, en in _AMOUNTS:
        events = getattr(panel, table)
        unknown = 0 if events is None else int((panel.within(events, 12) & np.isnan(events[column])).sum())
        if unknown:
            zh, en = f"近 12 个月有 {unknown} 条{zh}", f"{en} in the last 12 months: {unknown}"
            yield Missing(code, zh, en, health=table == "illness")


def _check_visits(panel: Panel) -> Iterator[Missing]:
    events = panel.events
    if events is None:
        return
    visits = panel.within(events, 12) & (events["kind"] == list_codes("events", "kind").index("visit"))
    if not visits.any():
        zh, en = "近 12 个月无入户走访记录", "No visit to the household is recorded in the last 12 months"
        yield Missing("no_visit", zh, en)
