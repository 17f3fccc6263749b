"""Roles for staff, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.vocabulary.regions import Level

__all__ = ["ROLES", "Role"]


@dataclass(frozen=True)
class Role:
    """A role for members of staff.

    Parameters
    ----------
    zh, en : str
    digits : tuple of int
        Allowed lengths of the region prefix; 0 allows access everywhere.
    rights : frozenset of str
        Rights from ``auth.RIGHTS``, except ``health-details``, which is set for each account.
    may : frozenset of str
        Actions allowed on the pages: ``assign`` households to people, see the model's ``releases``, or see what was
        ``withheld`` from others because the model is silent.
    """

    zh: str
    en: str
    digits: tuple[int, ...]
    rights: frozenset[str]
    may: frozenset[str]


_READ, _WRITE = frozenset(("read",)), frozenset(("read", "write"))

ROLES = {
    "village": Role("村网格员", "village viewer", (Level.VILLAGE,), _WRITE, frozenset()),
    "township": Role("乡镇干部", "township officer", (Level.TOWN,), _WRITE, frozenset(("assign",))),
    "county": Role("县级管理员", "county manager", (Level.COUNTY,), _WRITE, frozenset(("assign", "releases"))),
    "analyst": Role(
        "分析人员", "analyst", (0, Level.PROVINCE, Level.CITY, Level.COUNTY), _READ, frozenset(("releases", "withheld"))
    ),
}
"""Roles by code. A village viewer records findings in their own village; an analyst changes nothing."""
