"""Makes the entries of the register's export as of a day: one row per person, with the household's columns repeated."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from riskml.simulation.lists.entries import Entry
from riskml.simulation.lists.people import People

SOURCES = ("wage", "business", "property", "transfer")


def find_period(state: date) -> date:
    """Return the first day of the latest year (October to September) that ended at least five months before a day.

    >>> find_period(date(2024, 3, 1)), find_period(date(2024, 2, 1))
    (datetime.date(2022, 10, 1), datetime.date(2021, 10, 1))
    """
    return date(state.year - (2 if state.month >= 3 else 3), 10, 1)


def list_register(
    tables: dict[str, pd.DataFrame], people: People, state: date, rng: np.random.Generator
) -> list[Entry]:
    """List everybody who lives in the county on a day, by village and household, the head first."""
    period = find_period(state)
    incomes = _sum_income(tables["income"], period)
    homes = _take_latest(tables["households"], ["household_id"], state)
    members = _take_latest(tables["members"], ["member_id"], state)
    monitored = _take_latest(tables["monitoring"], ["household_id"], state)
    parents = {p.homes[-1][1]: p.homes[0][1] for p in people.persons.values() if len(p.homes) > 1}
    entries = []
    order = sorted(people.by_home, key=lambda h: (people.by_home[h][0].village, h))
    for home in order:
        here = people.list_home(home, state)
        origin = parents.get(home, home)
        split = home in parents
        if not here or origin not in homes:
            continue
        household = homes[origin]
        income = {source: 0.0 if split else incomes.get((origin, source), 0.0) for source in SOURCES}
        cost = round(abs(income["business"]) * float(rng.uniform(0.2, 1.0)), 0)
        shared: dict[str, Any] = {
            "kind": household["kind"], "exited_on": _to_day(household["exited_on"]), "size": len(here),
            **income, "gross": income["business"] + cost, "cost": cost, "total": sum(income.values()),
            "per_head": round(sum(income.values()) / len(here), 2), "paid": float(rng.integers(0, 40)) * 100,
            "period": f"{period:%Y%m}-{period.year + 1}09", "phone": here[0].phone,
        }  # fmt: skip
        about = {name: shared[name] for name in ("size", "kind", "exited_on")}
        about |= {"region_code": here[0].village, "event": f"households-{home}-{state}"}
        records: list[dict[str, Any]] = [{"table": "households", **about}]
        for source, amount in income.items():
            year = {"period_start": period, "months": 12, "source": source, "amount": amount, "optional": amount == 0}
            records.append({"table": "income", **year, "event": f"income-{home}-{source}-{period}"})
        if (m := monitored.get(origin)) and not split:
            causes = str(m["causes"] or "").split(";")[:3]
            spell = {"category": m["category"], **{name: _to_day(m[name]) for name in ("entered_on", "cleared_on")}}
            shared |= spell | {f"cause{i}": cause for i, cause in enumerate(causes, 1)}
            shared["cleared"] = "yes" if spell["cleared_on"] else "no"
            if spell["cleared_on"]:
                shared |= {"after_wage": income["wage"] + 3000, "after_per_head": shared["per_head"] + 1000}
            event = f"monitoring-{home}-{state}"
            records.append({"table": "monitoring", **spell, "causes": ";".join(sorted(causes)), "event": event})
        for position, person in enumerate(here):
            member = members.get(person.person_id, {})
            states = {name: member.get(name) for name in ("labour", "health", "schooling", "working")}
            relation = "户主" if position == 0 else person.relation if person.relation != "户主" else "其他"
            event = f"members-{person.person_id}-{state}"
            away = int(rng.integers(3, 11)) if states["working"] in ("local", "migrant") else None
            shown = {**shared, **states, "relation": relation, "first": position == 0, "months_away": away}
            own = {"table": "members", "birth_year": person.birth.year, "sex": person.sex, **states, "event": event}
            entries.append(Entry(person, home, state, shown, [own, *(records if position == 0 else [])], event=event))
    return entries


def _to_day(value: Any) -> date | None:
    return None if pd.isna(value) else value


def _take_latest(frame: pd.DataFrame, key: list[str], state: date) -> dict[Any, dict[str, Any]]:
    known = frame[(frame["recorded_on"] <= state) | frame["recorded_on"].isna()]
    latest = known.sort_values("recorded_on", na_position="first", kind="stable").drop_duplicates(key, keep="last")
    rows: list[Any] = latest.to_dict("records")
    return {row[key[0]]: row for row in rows}


def _sum_income(income: pd.DataFrame, period: date) -> dict[tuple[str, str], float]:
    """Sum a year's income by household and source: from statements or, if there are none, from months."""
    end = date(period.year + 1, 9, 30)
    stated = income["statement"].fillna(False).astype(bool) if "statement" in income else pd.Series(False, income.index)
    chosen = income[stated & (income["period_start"] == period)]
    if chosen.empty:
        chosen = income[~stated & (income["period_start"] >= period) & (income["period_start"] <= end)]
    sums: Any = chosen.groupby(["household_id", "source"])["amount"].sum().round(0).to_dict()
    return dict(sums)
