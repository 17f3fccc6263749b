"""Prepares a few towns of a simulated county for the demo: their records, made-up names, and monthly scores."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine

from riskml.records.contract.calendar import to_date, to_day, to_month, to_month_end
from riskml.simulation.lists.people import invent_people
from riskml.vocabulary.regions import Level, take_region
from riskml_serving.base.database import reading, writing
from riskml_serving.base.settings import Settings
from riskml_serving.judging.act import Act
from riskml_serving.judging.jobs.service import start
from riskml_serving.judging.jobs.worker import Worker
from riskml_serving.judging.model import Model
from riskml_serving.people.auth import RIGHTS, Caller
from riskml_serving.register.keys import IdentityKeys
from riskml_serving.register.service import Person, keep_persons
from riskml_serving.store.households.repository import find_households, list_codes

TOWNS = ("柳河镇", "青山镇", "石桥镇", "云岭乡", "白塔镇", "双井乡", "长坡镇", "沙湾乡", "清泉镇", "望峰乡")
VILLAGES = ("东沟村", "西岭村", "南坪村", "北寨村", "上河村", "下河村", "新店村", "老营村", "梨园村", "松坡村")
"""Made-up names of towns and villages, which do not refer to real places."""

KNOWN_BY = ("recorded_on", "period_start", "occurred_on", "started_on", "entered_on")
"""Columns with dates; a row counts as known on a day if none of its dates in these columns is later."""
ENDS = ("cleared_on", "ended_on", "left_on")


def choose_towns(county: Path, out: Path, max_households: int, until: dt.date) -> list[str]:
    """Write the records of a county's first towns, as known on a day, into another folder.

    Parameters
    ----------
    county, out : Path
        Records folders to read from and to write to.
    max_households : int
        Maximum number of households. Towns are never split, and at least one town is written, whatever its size.
    until : date
        Day on which the records must be known; the end of a month.

    Returns
    -------
    list of str
        Codes of the towns.
    """
    households = pq.read_table(county / "households.parquet", columns=["household_id", "region_code"]).to_pandas()
    town = households["region_code"].str[: Level.TOWN]
    total = households["household_id"].groupby(town).nunique().cumsum()
    chosen: list[str] = list(total.index[: max(1, int((total <= max_households).sum()))])
    codes = pa.array(households.loc[town.isin(chosen), "household_id"].tolist(), pa.string())
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(county.glob("*.parquet")):
        if path.stem == "truth":
            continue
        table = pq.read_table(path)
        if "household_id" in table.column_names:
            table = table.filter(pc.or_kleene(pc.is_in(table["household_id"], codes), table["household_id"].is_null()))
        pq.write_table(_select_known(table, until), out / path.name)
    return chosen


def _select_known(table: pa.Table, until: dt.date) -> pa.Table:
    """Select the rows that are known on a day, and clear end dates after it."""
    for name in KNOWN_BY:
        if name in table.column_names:
            table = table.filter(pc.or_kleene(pc.less_equal(table[name], until), table[name].is_null()))
    for name in ENDS:
        if name in table.column_names:
            column = table[name]
            known = pc.if_else(pc.greater(column, until), None, column)
            table = table.set_column(table.column_names.index(name), name, known)
    return table


def write_region_names(codes: list[str], path: Path) -> None:
    """Write made-up names for a county, its towns and their villages."""
    rows = {take_region(codes[0], Level.COUNTY): "示范县"}
    towns = sorted({take_region(code, Level.TOWN) for code in codes})
    for town in towns:
        rows[town] = TOWNS[towns.index(town) % len(TOWNS)]
        villages = sorted(code for code in codes if take_region(code, Level.TOWN) == town)
        for i, code in enumerate(villages):
            rows[code] = VILLAGES[i] if i < len(VILLAGES) else f"第{i + 1}村"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name"))
        writer.writerows(rows.items())


def invent_names(engine: Engine, keys: IdentityKeys, folder: Path, today: dt.date) -> None:
    """Give the members in a records folder made-up names, telephones and ID numbers; no region has such numbers."""
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("households", "members", "events")}
    people = invent_people(tables, [today], np.random.default_rng(0))
    persons = []
    for number, (home, members) in enumerate(sorted(people.by_home.items())):
        persons += [
            Person(one.person_id, home, name=one.name, id_number=one.number, sex=one.sex, birth_date=one.birth,
                   relation=one.relation, phone=one.phone, left_on=one.left_on,
                   group=f"{number % 8 + 1}组", door=f"{number % 60 + 1}号")
            for one in members if one.homes[0][1] == home
        ]  # fmt: skip
    with writing(engine) as connection:
        keep_persons(connection, keys, persons)


def list_month_ends(last: dt.date, n: int) -> list[dt.date]:
    """List the ``n`` month ends up to and including ``last``, earliest first.

    >>> list_month_ends(dt.date(2024, 3, 31), 2)
    [datetime.date(2024, 2, 29), datetime.date(2024, 3, 31)]
    """
    month = to_month(to_day(last))
    return [to_date(to_month_end(m)) for m in range(month - n + 1, month + 1)]


def list_villages(engine: Engine) -> list[str]:
    """List the codes of the villages in which households are registered."""
    with reading(engine) as connection:
        households = find_households(connection, list_codes(connection, ""), "")
    return sorted({row["region_code"] for row in households.values()})


def score_month(engine: Engine, model: Model, as_of: dt.date) -> None:
    """Run a job that scores every household as of the end of a month."""
    with writing(engine) as connection:
        start(Act(connection, Caller("demo", "", frozenset(RIGHTS)), as_of, "demo", lambda: model), None, as_of)
    settings = Settings(database_url=engine.url.render_as_string(hide_password=False))
    Worker(engine, settings, lambda: model).work_off()
