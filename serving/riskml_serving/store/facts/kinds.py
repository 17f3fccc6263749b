"""The facts that a visit can confirm, and the row of the contract that each becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from riskml.records.contract.schema import SOURCES, list_codes
from riskml.vocabulary.terms import Term, Vocabulary

Row = dict[str, Any]

EVENTS = tuple(code for code in list_codes("events", "kind") if code not in ("report", "visit"))

_HEALTH_EVENTS = ("disability",)


@dataclass(frozen=True)
class FactKind(Term):
    """A kind of fact.

    Parameters
    ----------
    code, zh, en : str
    table : str
        Table of the contract that gets the row.
    kinds : tuple of str
        Codes that the field ``kind`` may have; empty if there is no such field.
    make_row : callable
        Takes the fact; returns the row of the contract, without the household and the record number.
    needs : tuple of str
        Fields that must be stated, besides ``kind`` and ``day``.
    allows : tuple of str, default ()
        Fields that may be stated.
    health : bool, default False
        Whether the fact is health information.
    negative : bool, default False
        Whether the amount may be below zero.
    """

    table: str
    kinds: tuple[str, ...]
    make_row: Callable[[Mapping[str, Any]], Row]
    needs: tuple[str, ...] = ()
    allows: tuple[str, ...] = ()
    health: bool = False
    negative: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that the fact may have."""
        return ("fact", *(("kind",) if self.kinds else ()), "day", *self.needs, *self.allows)


def _make_help(fact: Mapping[str, Any]) -> Row:
    row = {"started_on": fact["day"], "ended_on": fact.get("until"), "measure": fact["measure"]}
    return {**row, "amount": fact.get("amount"), "per": fact.get("per")}


FACTS = Vocabulary(
    FactKind(
        "bill", "自付医疗费", "self-paid medical bill", "illness", list_codes("illness", "kind"),
        lambda fact: {
            "occurred_on": fact["day"], "kind": fact["kind"], "self_paid": fact["amount"],
            "member_id": fact.get("member_id"), "visits": 1,
        },
        ("amount",), ("member_id",), health=True,
    ),
    FactKind(
        "income", "收入变化", "change of income", "events", tuple(SOURCES),
        lambda fact: {"occurred_on": fact["day"], "kind": "report", "channel": "visit", "amount": fact["amount"]},
        ("amount",), negative=True,
    ),
    FactKind(
        "loss", "受灾损失", "loss by a disaster", "disaster", list_codes("disaster", "kind"),
        lambda fact: {"occurred_on": fact["day"], "kind": fact["kind"], "loss": fact["amount"]},
        ("amount",),
    ),
    FactKind(
        "event", "其他变故", "other event", "events", EVENTS,
        lambda fact: {
            "occurred_on": fact["day"], "kind": fact["kind"], "channel": "visit", "amount": fact.get("amount")
        },
        (), ("amount",),
    ),
    FactKind(
        "help", "得到的帮扶", "help received", "help", (), _make_help, ("measure",), ("until", "amount", "per"),
    ),
)  # fmt: skip
"""Kinds of facts by code. The amount of ``income`` is the change in yuan a month, below zero if income fell: it is kept
with the report and is no income row, since income is known from statements and departments."""


def concerns_health(fact: Mapping[str, Any]) -> bool:
    """Return whether a fact is health information, which only callers with that permission see or state.

    >>> concerns_health({"fact": "bill", "kind": "inpatient"}), concerns_health({"fact": "event", "kind": "job_loss"})
    (True, False)
    """
    return FACTS[fact["fact"]].health or fact.get("kind") in _HEALTH_EVENTS
