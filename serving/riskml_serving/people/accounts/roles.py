"""Roles for staff, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.vocabulary.regions import Level


@dataclass(frozen=True)
class Role:
    """A role for members of staff.

    Parameters
    ----------
    zh, en : str
    digits : tuple of int
        Allowed lengths of the region prefix; 0 allows access everywhere.
    rights : frozenset of str
        Rights from ``auth.RIGHTS``. ``health-details`` and ``identity`` are set for each account instead.
    may : frozenset of str
        Actions allowed on the pages: ``assign`` households to people, import ``lists`` of departments (with the right
        ``identity``), ``resolve`` clues about households that are not in the register and report those about a place,
        see the model's ``releases``, or see verdicts that are ``withheld`` from others because the model was trained on
        a simulated county.
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
    "county": Role(
        "县级管理员", "county manager", (Level.COUNTY,), _WRITE, frozenset(("assign", "lists", "releases", "resolve"))
    ),
    "analyst": Role(
        "分析人员", "analyst", (0, Level.PROVINCE, Level.CITY, Level.COUNTY), _READ, frozenset(("releases", "withheld"))
    ),
}
"""Roles by code. A village viewer records findings in their own village; an analyst changes nothing."""
