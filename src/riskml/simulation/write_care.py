"""Write the tables of monitoring and help as a county would keep them."""

from __future__ import annotations

import numpy as np

from riskml.arrays import Ints
from riskml.records.contract.versions import NO_DAY
from riskml.simulation.chunk import Chunk, draw_days
from riskml.simulation.state import CAUSE
from riskml.simulation.writing import Tables
from riskml.vocabulary.causes import CAUSES
from riskml.vocabulary.verdicts import CATEGORIES

_CATEGORY = np.array(["", *CATEGORIES])
_CAUSE = np.array(list(CAUSES), dtype=object)
_MEASURE = {
    "illness": "医疗救助",
    "schooling": "雨露计划",
    "disability": "低保",
    "disaster": "灾后重建补助",
    "accident": "临时救助金",
    "venture": "小额信贷贴息",
    "work": "公益性岗位",
    "labour": "低保",
    "housing": "危房改造",
    "water": "饮水安全改造",
}


def _find_spells(chunk: Chunk) -> tuple[Ints, Ints, Ints]:
    """Find the household, entry month and clearing month (-1 if not cleared) of every spell of monitoring."""
    monitored = chunk.lived["monitored"] == 1
    entered = chunk.lived["entered"] == 1
    entered[:, 0] |= monitored[:, 0]  # entered during the burn-in
    household, at = np.nonzero(entered)
    cleared = chunk.lived["cleared"] == 1
    after = np.where(cleared, np.arange(monitored.shape[1]), monitored.shape[1])
    following = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1][household, at]
    return household, at, np.where(following < monitored.shape[1], following, -1)


def write_monitoring(chunk: Chunk, tables: Tables) -> dict[str, Ints]:
    """Append rows to ``monitoring``: one version at entry, and another when the risk is declared eliminated.

    Returns
    -------
    dict
        ``household``, ``entered`` (day), ``cleared`` (day or `NO_DAY`) and ``cause`` for every spell.
    """
    household, at, end = _find_spells(chunk)
    lived = chunk.lived
    entered = draw_days(chunk, at, 8, 27)
    early = (lived["entered"][household, at] == 0).nonzero()[0]
    entered[early] -= chunk.rng.integers(40, 400, len(early))
    ordinary = np.where(chunk.start["exited"][household] == 1, 1, 2)
    category = np.where(lived["entered"][household, at] == 1, lived["category"][household, at], ordinary)
    cause = np.where(lived["entered"][household, at] == 1, lived["alert_cause"][household, at], CAUSE["other"])
    cause = np.where(cause < 0, CAUSE["other"], cause)
    cleared = np.where(end >= 0, np.maximum(draw_days(chunk, np.maximum(end, 0), 8, 27), entered + 30), NO_DAY)
    ended = np.flatnonzero(end >= 0)
    row = np.concatenate([np.arange(len(household)), ended])
    order = np.lexsort((np.r_[np.zeros(len(household)), np.ones(len(ended))], entered[row], household[row]))
    recorded = np.concatenate(
        [entered + chunk.rng.integers(0, 16, len(household)), cleared[ended] + chunk.rng.integers(1, 16, len(ended))]
    )
    recorded[len(household) :] = np.maximum(recorded[len(household) :], recorded[ended] + 1)
    tables.add(
        "monitoring",
        {
            "household_id": chunk.make_codes(household[row]),
            "category": _CATEGORY[category[row]],
            "entered_on": entered[row],
            "cleared_on": np.concatenate([np.full(len(household), NO_DAY), cleared[ended]]),
            "causes": _CAUSE[cause[row]],
            "recorded_on": recorded,
        },
        order,
    )
    return {"household": household, "entered": entered, "cleared": cleared, "cause": cause}


def write_help(chunk: Chunk, spells: dict[str, Ints], tables: Tables) -> None:
    """Append rows to ``help``: measures for monitored households, emergency help, and help for exited households."""
    rng = chunk.rng
    measures = np.array([_MEASURE.get(code, "产业帮扶") for code in CAUSES], dtype=object)
    started = spells["entered"] + rng.integers(1, 21, len(spells["household"]))
    stopped = np.where(spells["cleared"] == NO_DAY, NO_DAY, np.maximum(spells["cleared"], started))
    relieved, at = np.nonzero(chunk.lived["emergency"] == 1)
    day = draw_days(chunk, at)
    settled = np.flatnonzero((chunk.start["exited"] == 1) & (rng.random(chunk.n) < 0.3))
    before = np.full(len(settled), int(chunk.months[0]) * 30) - rng.integers(200, 900, len(settled))
    parts = [len(started), len(relieved), len(settled)]
    household = np.concatenate([spells["household"], relieved, settled])
    start = np.concatenate([started, day, before])
    columns = {
        "household_id": chunk.make_codes(household),
        "started_on": start,
        "ended_on": np.concatenate([stopped, np.full(parts[1] + parts[2], NO_DAY)]),
        "measure": np.concatenate(
            [measures[spells["cause"]], np.full(parts[1], "临时救助"), rng.choice(["公益性岗位", "光伏分红"], parts[2])]
        ),
        "emergency": np.repeat([False, True, False], parts),
        "amount": np.concatenate(
            [np.full(parts[0], np.nan), np.rint(rng.lognormal(7.6, 0.5, parts[1])), np.full(parts[2], 3000.0)]
        ),
        "recorded_on": start + rng.integers(0, 16, len(start)),
    }
    tables.add("help", columns, np.lexsort((start, household)))
