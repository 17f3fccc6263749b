"""Adds departments' mistakes to the entries of a sheet: strangers, dead people, repetitions, faulty values."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import numpy as np

from riskml.simulation.lists.entries import Entry
from riskml.simulation.lists.people import WORDS, People, Person, draw_given_name, draw_number

MAIN_DATES = ("occurred_on", "started_on", "moved_on")
_MAIN_AMOUNTS = ("self_paid", "amount", "wage", "loss", "fall")
_BAD_DATES = ("2023-02-30", "2024.13.5", "待定", "13月5日")
_BAD_AMOUNTS = ("详见附件", "面议", "#REF!", "待核")
_NEVER = date(1900, 1, 1)


def spoil(
    entries: list[Entry], bad: dict[str, int], dead: list[Person], people: People, reported: set[str],
    rng: np.random.Generator,
) -> list[Entry]:  # fmt: skip
    """Return the entries with additional rows that a careful reader refuses, asks about or recognises as repeated.

    Parameters
    ----------
    entries : list of Entry
    bad : dict of str to int
        Number of rows by fault: ``stranger``, ``hidden``, ``dead``, ``again``, or a reason to refuse a row.
    dead : list of Person
        People whose deaths an earlier list reported.
    people : People
    reported : set of str
        Events that an earlier list reported; a negative bill for one of them would be its reversal.
    rng : numpy.random.Generator
    """
    entries = [copy.copy(entry) for entry in entries]
    added = []
    for _ in range((bad.get("stranger", 0) + bad.get("hidden", 0)) * bool(entries)):
        added.append(_make_stranger(entries[int(rng.integers(len(entries)))], people, rng))
        if len(added) > bad.get("stranger", 0):
            added[-1].shown["hidden"] = True
    for entry in [e for e in entries if any(p.left_on and p.left_on < e.on for p in dead)][: bad.get("dead", 0)]:
        gone = [p for p in dead if p.left_on and p.left_on < entry.on]
        person = gone[int(rng.integers(len(gone)))]
        home, event = person.homes[-1][1], f"dead-{person.person_id}-{entry.on}"
        added.append(Entry(person, home, entry.on, dict(entry.shown), entry.records, event=event, reason="dead"))
    usable = [e for e in entries if e.records]
    order = [usable[int(i)] for i in rng.permutation(len(usable))]
    for entry in order[: bad.get("again", 0)]:
        added.append(copy.copy(entry))
        added[-1].accept, added[-1].faults = ("nothing", "repeat"), ["again"]
    left = order[bad.get("again", 0) :]
    for reason in [r for r, count in bad.items() for _ in range(count)]:
        if reason not in ("stranger", "hidden", "dead", "again"):
            for entry in [e for e in left if reason != "negative" or e.event not in reported][:1]:
                left.remove(entry)
                _spoil_values(entry, reason, rng)
    for entry in added:
        first = next((i + 1 for i, e in enumerate(entries) if e.event == entry.event), 0)
        entries.insert(int(rng.integers(first, len(entries) + 1)), entry)
    return entries


def _make_stranger(entry: Entry, people: People, rng: np.random.Generator) -> Entry:
    """Copy an entry, and make it about somebody who is not in the register."""
    sex = "f" if rng.random() < 0.5 else "m"
    birth = date(1945, 1, 1) + timedelta(int(rng.integers(20_000)))
    name = WORDS["surnames"][int(rng.integers(len(WORDS["surnames"])))] + draw_given_name(sex, rng)
    number = draw_number(f"99{rng.integers(1000, 10_000)}", birth, sex, rng)
    village = sorted(people.villages)[int(rng.integers(len(people.villages)))]
    phone, code = f"100{rng.integers(10**7, 10**8)}", f"stranger-{number}"
    person = Person(code, name, number, sex, birth, "户主", village, phone, _NEVER, [(_NEVER, "")])
    shown = {k: v for k, v in entry.shown.items() if k != "settlement"} | {"first": True}
    return Entry(person, "", entry.on, shown, [], entry.level, event=code)


def _spoil_values(entry: Entry, reason: str, rng: np.random.Generator) -> None:
    shown = entry.shown = dict(entry.shown)
    when = next((name for name in MAIN_DATES if name in shown), "month")
    amount = next((name for name in _MAIN_AMOUNTS if name in shown), "")
    if reason == "future_date":
        shown[when] = date(shown[when].year + 18, shown[when].month, 5)
    elif reason == "bad_date":
        shown[when] = _BAD_DATES[int(rng.integers(len(_BAD_DATES)))]
    elif reason == "no_date":
        shown[when] = None
    elif reason == "bad_amount":
        shown[amount] = _BAD_AMOUNTS[int(rng.integers(len(_BAD_AMOUNTS)))]
    elif reason == "negative":
        shown.update(_negate(shown))
    elif reason == "implausible_unit":
        shown[amount] *= 10_000
    elif reason == "inconsistent":
        shown["self_paid"] = round(shown["cost"] * 1.6 + 500, 2)
    entry.reason, entry.event = reason, f"{reason}-{entry.event}"


def _negate(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: -value for name, value in shown.items() if isinstance(value, float)}


def revise(
    entries: list[Entry], before: list[Entry], counts: dict[str, int], reported: set[str], rng: np.random.Generator
) -> list[Entry]:
    """Correct and reverse bills; a reversal is in the same list as the bill, or follows a bill in an earlier list.

    Parameters
    ----------
    entries, before : list of Entry
        The bills in this list, and those from earlier months.
    counts : dict of str to int
        Number of bills by what happens to them: ``corrected`` (the bill was sent before), ``reversed_old`` (sent
        before, and here again with its reversal), ``reversed_new`` (bill and reversal only here), ``reversal_alone``
        (the bill is in an earlier list only).
    reported : set of str
        Events that an earlier list reported.
    rng : numpy.random.Generator
    """
    result = [copy.copy(entry) for entry in entries]
    old, new = ([e for e in result if (e.event in reported) == known] for known in (True, False))
    old, new = ([part[int(i)] for i in rng.permutation(len(part))] for part in (old, new))
    corrected = counts.get("corrected", 0)
    for entry in old[:corrected]:
        shown, half = entry.shown, round(entry.shown["self_paid"] / 2, 2)
        gained, outside = round(shown["self_paid"] - half, 2), min(shown["outside"], half)
        moved = {name: round(shown[name] + gained, 2) for name in ("aid", "reimbursed")}
        entry.shown = {**shown, **moved, "self_paid": half, "inside": round(half - outside, 2), "outside": outside}
        entry.records, entry.faults = [record | {"self_paid": half} for record in entry.records], ["corrected"]
    for entry in old[corrected:][: counts.get("reversed_old", 0)] + new[: counts.get("reversed_new", 0)]:
        entry.accept, entry.optional = ("nothing", "repeat"), True
        result.insert(result.index(entry) + 1, _reverse(entry))
    earlier = [e for e in before if e.event in reported]
    chosen = rng.permutation(len(earlier))[: counts.get("reversal_alone", 0)]
    return result + [_reverse(earlier[int(i)]) for i in chosen]


def _reverse(entry: Entry) -> Entry:
    twin = copy.copy(entry)
    twin.shown = entry.shown | _negate(entry.shown) | {"remark": "冲正"}
    keep = ("table", "kind", "occurred_on", "visits")
    twin.records = [{k: record[k] for k in keep} | {"withdrawn": "true"} for record in entry.records]
    twin.faults = ["reversal"]
    return twin
