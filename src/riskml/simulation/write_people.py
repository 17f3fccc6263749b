"""Write the tables of households and members: a first version of each, and a new one after every change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskml.arrays import Ints, Mask
from riskml.records.contract.calendar import to_month_end
from riskml.records.contract.versions import NO_DAY
from riskml.simulation.chunk import Chunk, draw_days
from riskml.simulation.state import MEMBERS, SHOCK
from riskml.simulation.writing import Tables

FIRST_VALUE = "before"
"""Placeholder for the value in the member's first version."""

_STAGES = ("none", "compulsory", "senior", "college")

HOUSE_TYPES = ("砖混", "砖木", "土木", "框架")
"""Kinds of dwelling: brick and concrete, brick and timber, earth and timber, frame."""


def write_households(chunk: Chunk, tables: Tables) -> None:
    """Append rows to ``households``; a birth, death, departure or move creates a new version in the same month."""
    rng, lived, n = chunk.rng, chunk.lived, chunk.n
    size = lived["size"].astype(np.int64)
    changed = np.zeros(size.shape, np.bool_)
    changed[:, 1:] = size[:, 1:] != size[:, :-1]
    moved = rng.random(size.shape) < 0.0008
    moved[:, 0] = False
    changed_row, at = np.nonzero(changed | moved)
    house = rng.choice(4, n, p=[0.45, 0.3, 0.15, 0.1])
    land = np.round(rng.gamma(3.0, 1.6, n) * (0.4 + 0.6 * (chunk.start["business"] > 0)), 1)
    distance = np.round(chunk.county.far[chunk.village] + rng.uniform(0.0, 3.0, n), 1)
    moves = moved.cumsum(1)[changed_row, at]
    base = int(to_month_end(int(chunk.months[0]) - 1))
    row = np.concatenate([np.arange(n), changed_row])
    moves = np.concatenate([np.zeros(n, np.int64), moves])
    recorded = np.concatenate([np.full(n, base), draw_days(chunk, at, 15, 28)])
    order = np.lexsort((recorded, row))
    exited = chunk.start["exited"] == 1
    left_poverty = np.where(exited, base - rng.integers(100, 2000, n), NO_DAY)
    columns = {
        "household_id": chunk.make_codes(row),
        "recorded_on": recorded,
        "region_code": chunk.county.regions[chunk.village[row]],
        "size": np.concatenate([size[:, 0], size[changed_row, at]]),
        "kind": np.where(exited[row], "exited", "ordinary"),
        "exited_on": left_poverty[row],
        "house_type": np.array(HOUSE_TYPES)[np.where(moves > 0, 3, house[row])],
        "land_mu": np.maximum(land[row] - 0.8 * moves, 0.0).round(1),
        "distance_km": np.where(moves > 0, (distance[row] * 0.4).round(1), distance[row]),
    }
    tables.add("households", columns, order)


def write_members(chunk: Chunk, tables: Tables) -> None:
    """Append rows to ``members``: all members' first versions, and one after each change in work, health or school.

    A change lists only the new values; everything else is copied from the member's previous version.
    """
    first = _make_first_members(chunk)
    rows = pd.concat([first, *_make_changes(chunk, first)], ignore_index=True)
    rows = rows.sort_values(["household", "member", "recorded_on"], kind="stable")
    details = ["birth_year", "sex", "labour", "health", "schooling", "working", "left_on"]
    rows[details] = rows.groupby(["household", "member"], sort=False)[details].ffill()
    # Two changes that become known on the same day are merged into one version.
    rows = rows.drop_duplicates(["household", "member", "recorded_on"], keep="last")
    household = rows["household"].to_numpy()
    member = chunk.make_member_codes(household, rows["member"].to_numpy())
    columns = {name: rows[name].to_numpy() for name in ("recorded_on", "birth_year", *details[1:6])}
    left = rows["left_on"].fillna(NO_DAY).to_numpy(np.int64)
    tables.add(
        "members", {"household_id": chunk.make_codes(household), "member_id": member, **columns, "left_on": left}
    )


def _make_first_members(chunk: Chunk) -> pd.DataFrame:
    """Make the first version of each member, recorded on the day before the first month or at birth."""
    people, start, n = chunk.people, chunk.start, chunk.n
    born = chunk.lived["shock"] == SHOCK["birth"]
    present = start["present"] == 1
    later = ~present[:, 8] & born.any(1)
    included = present.copy()
    included[:, 8] |= later
    job = np.full((n, MEMBERS), -1)
    for slot in range(3):
        taken = np.flatnonzero(start["job"][:, slot] > 0)
        job[taken, start["person"][taken, slot]] = np.where(
            start["job"][taken, slot] == 1, start["kind"][taken, slot], -2
        )
    age = people.age + chunk.county.burn_in / 12.0
    able = np.where(people.weak, 2, np.where(people.skilled, 1, 0))
    labour = np.where(job >= 0, able, np.where(job == -2, 2, np.where(np.arange(MEMBERS) == 3, 2, 3)))
    stage = np.zeros((n, MEMBERS), np.int64)
    stage[:, 4:6] = chunk.lived["stage"][:, 0]
    stage[job != -1] = 0
    birth_year = (chunk.months[0] // 12 + 1970 - age).astype(np.int64)
    birth_year[:, 8] = chunk.months[born.argmax(1)] // 12 + 1970
    birth_year[:, 8] -= 2 * present[:, 8]
    base = int(to_month_end(int(chunk.months[0]) - 1))
    recorded = np.full((n, MEMBERS), base)
    recorded[later, 8] = draw_days(chunk, born.argmax(1)[later], 20, 28)
    household, member = np.nonzero(included)
    health = np.where(people.disabled, 3, np.where(people.chronic, 1, 0))
    return pd.DataFrame(
        {
            "household": household,
            "member": member,
            "recorded_on": recorded[household, member],
            "birth_year": birth_year[household, member],
            "sex": np.where(people.female, "f", "m")[household, member],
            "labour": np.array(["full", "skilled", "weak", "none"])[labour[household, member]],
            "health": np.array(["healthy", "chronic", "serious", "disabled"])[health[household, member]],
            "schooling": np.array(_STAGES)[stage[household, member]],
            "working": np.array(["none", "local", "migrant"])[np.maximum(job[household, member], 0)],
            "left_on": np.full(len(household), np.nan),
        }
    )


def _make_changes(chunk: Chunk, first: pd.DataFrame) -> list[pd.DataFrame]:
    """Make the later versions of members, which contain only the values that changed."""
    lived = chunk.lived
    position = np.full((chunk.n, MEMBERS), -1)
    position[first["household"], first["member"]] = np.arange(len(first))
    shock = {name: lived["shock"] == number for name, number in SHOCK.items()}
    person = lived["person"]
    parts: list[pd.DataFrame] = []

    def add(member: Ints, mask: Mask | bool = True, known: float = 1.0, **changed: str) -> None:
        household, at = np.nonzero(mask & (member >= 0) & (chunk.rng.random(member.shape) < known))
        day = draw_days(chunk, at, 5, 28)
        part = pd.DataFrame({"household": household, "member": member[household, at].astype(np.int64)})
        origin = position[household, part["member"]]
        part["recorded_on"] = day if "left_on" in changed else day + chunk.rng.integers(0, 45, len(day))
        for name, value in changed.items():
            before = first[name].to_numpy()[origin]
            part[name] = day - 4.0 if name == "left_on" else (before if value == FIRST_VALUE else value)
        parts.append(part[origin >= 0])

    add(person, shock["job_loss"], 0.7, working="none")
    add(lived["returned"], known=0.7, labour=FIRST_VALUE, working=FIRST_VALUE)
    add(lived["retired"], known=0.9, labour="weak", working="none")
    add(person, shock["disability"], 0.95, labour="none", working="none", health="disabled")
    add(person, shock["serious"], 0.95, labour="none", working="none", health="serious")
    add(person, shock["accident"], 0.9, labour="none", working="none")
    add(person, shock["worker_death"] | shock["elder_death"], left_on="", labour="none", working="none")
    add(lived["joined"], labour="full", working="migrant", schooling="none")
    add(lived["left"], left_on="")
    for k in range(2):
        stage = lived["stage"][:, :, k]
        for code, name in enumerate(_STAGES):
            turned = np.zeros(stage.shape, np.bool_)
            turned[:, 1:] = (stage[:, 1:] == code) & (stage[:, :-1] != code)
            add(np.full(stage.shape, 4 + k), turned, schooling=name)
    return parts
