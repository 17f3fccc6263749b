"""Conditions that are declared once and used twice: SQL filters a list by them, and Python checks a row of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, true


@dataclass(frozen=True)
class Rule:
    """A condition on the facts about a household; ``&``, ``|`` and ``~`` combine conditions.

    Parameters
    ----------
    to_sql : callable
        Takes a query's columns, by the names of the facts; returns the condition for the query.
    holds : callable
        Takes a row with a value for each fact; returns whether the condition holds.
    """

    to_sql: Callable[[Mapping[str, ColumnElement[Any]]], ColumnElement[bool]]
    holds: Callable[[Mapping[str, Any]], bool]

    def __and__(self, other: Rule) -> Rule:
        return Rule(
            lambda columns: and_(self.to_sql(columns), other.to_sql(columns)),
            lambda row: self.holds(row) and other.holds(row),
        )

    def __or__(self, other: Rule) -> Rule:
        return Rule(
            lambda columns: or_(self.to_sql(columns), other.to_sql(columns)),
            lambda row: self.holds(row) or other.holds(row),
        )

    def __invert__(self) -> Rule:
        return Rule(lambda columns: not_(self.to_sql(columns)), lambda row: not self.holds(row))


ALWAYS = Rule(lambda _: true(), lambda _: True)


def is_true(fact: str) -> Rule:
    """Make a rule that holds if a boolean fact is true."""
    return Rule(lambda columns: columns[fact], lambda row: bool(row[fact]))


def compare(fact: str, operator: Callable[[Any, Any], Any], value: Any) -> Rule:
    """Make a rule that compares a fact with a value.

    A fact that is null satisfies no comparison, in SQL or in Python. Do not negate the comparison of a fact that may
    be null: the negation would be true in Python but not in SQL.

    >>> from operator import gt
    >>> rule = compare("signal", gt, 0)
    >>> rule.holds({"signal": 2}), (~rule).holds({"signal": 2}), rule.holds({"signal": None})
    (True, False, False)
    >>> from sqlalchemy import column
    >>> str(rule.to_sql({"signal": column("signal")}).compile(compile_kwargs={"literal_binds": True}))
    'signal > 0'
    """
    return Rule(
        lambda columns: operator(columns[fact], value),
        lambda row: row[fact] is not None and bool(operator(row[fact], value)),
    )


def compare_facts(fact: str, operator: Callable[[Any, Any], Any], other: str) -> Rule:
    """Make a rule that compares a fact with another; see :func:`compare`."""
    return Rule(
        lambda columns: operator(columns[fact], columns[other]),
        lambda row: row[fact] is not None and row[other] is not None and bool(operator(row[fact], row[other])),
    )
