"""A panel (what was known about households on a date) never depends on the order of rows, how files are divided, other
households, how the records are read, or what becomes known later."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.records.contract.calendar import to_date, to_day, to_month, to_month_end
from riskml.records.contract.schema import TABLES, Kind, list_codes
from riskml.records.panel.panel import Panel
from riskml.records.panel.store import Records

Tables = dict[str, pd.DataFrame]
AS_OFS = [to_day(day) for day in ("2021-12-31", "2022-08-17", "2023-06-30")]
REGIONS = ("130529001001", "130529001002", "130529002001", "430101001001")
FIRST, DAYS = to_day("2020-06-01"), 1200


class Dice:
    """Draws random cells, some of them null."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def days(self, n: int, null: float = 0.0) -> list[dt.date | None]:
        drawn = FIRST + self.rng.integers(0, DAYS, n)
        return [None if self.rng.random() < null else to_date(day) for day in drawn]

    def some(self, values: tuple[str, ...], n: int, null: float = 0.0) -> list[str | None]:
        return [None if self.rng.random() < null else values[i] for i in self.rng.integers(0, len(values), n)]

    def amounts(self, n: int, null: float = 0.0) -> list[float | None]:
        return [None if self.rng.random() < null else float(v) for v in self.rng.normal(300, 400, n)]

    def flags(self, n: int, share: float) -> list[bool | None]:
        return [True if self.rng.random() < share else None for _ in range(n)]

    def record_ids(self, households: list[str | None]) -> list[str | None]:
        # Most rows correct another row of their household or are corrected by one.
        most = len(households) // 24
        return [None if self.rng.random() < 0.3 else f"{code} {self.rng.integers(0, most)}" for code in households]


def draw_recorded(days: list[dt.date | None], dice: Dice) -> list[dt.date | None]:
    """Draw days of recording: null or some days after the event, and never the same day for two rows of a record."""
    lags = dice.rng.permutation(len(days)) % 300
    return [
        None if day is None or lag % 3 == 0 else day + dt.timedelta(days=int(lag))
        for day, lag in zip(days, lags, strict=True)
    ]


def draw_tables(seed: int, households: int = 12) -> Tables:
    dice = Dice(seed)
    codes_of = tuple(f"h{i:02d}" for i in range(households))
    n = 60 * households
    out: Tables = {}
    versions = 3 * households
    out["households"] = pd.DataFrame(
        {
            "household_id": [*codes_of, *dice.some(codes_of, versions)],
            "recorded_on": [*dice.days(households, null=0.6), *dice.days(versions)],
            "region_code": dice.some(REGIONS, households + versions),
            "size": dice.rng.integers(1, 7, households + versions),
            "kind": dice.some(list_codes("households", "kind"), households + versions, null=0.2),
            "exited_on": dice.days(households + versions, null=0.5),
            "pigs": dice.amounts(households + versions, null=0.2),
            "crop": dice.some(("maize", "rice", "millet"), households + versions, null=0.2),
        }
    ).drop_duplicates(["household_id", "recorded_on"])
    starts = [day.replace(day=1) for day in dice.days(n) if day]
    months = dice.rng.choice([1, 1, 1, 3, 12], n)
    ends = [to_date(to_month_end(to_month(to_day(day)) + int(m) - 1)) for day, m in zip(starts, months, strict=True)]
    out["income"] = pd.DataFrame(
        {
            "household_id": dice.some(codes_of, n),
            "period_start": starts,
            "months": months,
            "source": dice.some(list_codes("income", "source")[:4], n),
            "recorded_on": draw_recorded(ends, dice),
        }
    )
    out["income"]["record_id"] = dice.record_ids(list(out["income"]["household_id"]))
    alone = out["income"]["record_id"].isna()
    # Only a row with a record_id may lack its amount, which means that it withdraws the record.
    pairs = zip(dice.amounts(n), dice.amounts(n, null=0.2), alone, strict=True)
    out["income"]["amount"] = [stated if lone else maybe for stated, maybe, lone in pairs]
    day_columns = {"illness": "occurred_on", "disaster": "occurred_on", "events": "occurred_on", "help": "started_on"}
    for name, day in day_columns.items():
        rows = 20 * households
        happened = dice.days(rows)
        columns: dict[str, object] = {"household_id": dice.some(codes_of, rows), day: happened}
        for column in TABLES[name].columns:
            if column.kind is Kind.CODE:
                columns[column.name] = dice.some(
                    tuple(column.allowed or ()), rows, null=0.0 if column.required else 0.2
                )
            elif column.kind is Kind.AMOUNT:
                columns[column.name] = dice.amounts(rows, null=0.2)
        columns |= {"recorded_on": draw_recorded(happened, dice), "record_id": dice.record_ids(columns["household_id"])}
        out[name] = pd.DataFrame({**columns, "withdrawn": dice.flags(rows, 0.1)})
    out["illness"]["visits"] = dice.rng.integers(0, 5, len(out["illness"]))
    out["help"]["measure"] = dice.some(("grant", "job", "辅导"), len(out["help"]))
    out["help"]["emergency"] = dice.flags(len(out["help"]), 0.3)
    out["help"]["ended_on"] = dice.days(len(out["help"]), null=0.5)
    region = dice.some(("13", "130529001", *REGIONS), len(out["disaster"]))
    regional = dice.rng.random(len(region)) < 0.5
    out["disaster"]["region_code"] = [r if use else None for r, use in zip(region, regional, strict=True)]
    out["disaster"].loc[regional, "household_id"] = None
    # A row and the rows that correct it must belong to the same household.
    out["disaster"].loc[regional, "record_id"] = dice.record_ids(["region"] * int(regional.sum()))
    entries = 4 * households
    out["monitoring"] = pd.DataFrame(
        {
            "household_id": dice.some(codes_of, entries),
            "category": dice.some(list_codes("monitoring", "category"), entries),
            # Days of entry are drawn from only a few, so that some entries get several versions.
            "entered_on": [day.replace(month=6, day=1) for day in dice.days(entries) if day],
            "cleared_on": dice.days(entries, null=0.5),
            "causes": dice.some(("illness", "work;labour", "housing; water"), entries, null=0.2),
            "recorded_on": dice.days(entries, null=0.3),
        }
    ).drop_duplicates(["household_id", "entered_on", "recorded_on"])
    people = 6 * households
    out["members"] = pd.DataFrame(
        {
            "household_id": dice.some(codes_of, people),
            "member_id": dice.some(("1", "2", "3"), people),
            "recorded_on": dice.days(people, null=0.3),
            "birth_year": dice.rng.integers(1940, 2020, people),
            "health": dice.some(list_codes("members", "health"), people, null=0.2),
            "left_on": dice.days(people, null=0.7),
        }
    ).drop_duplicates(["household_id", "member_id", "recorded_on"])
    out["lines"] = pd.DataFrame(
        {
            "region_code": [None, "13", "130529001", "43"],
            "effective_from": [dt.date(2020, 1, 1), dt.date(2021, 7, 1), dt.date(2022, 5, 16), dt.date(2022, 1, 1)],
            "amount": [4000.0, 5000.0, 5500.0, 4500.0],
            "recorded_on": [None, dt.date(2022, 2, 1), None, dt.date(2021, 12, 1)],
        }
    )
    for name in ("income", *day_columns):
        known = _known_on(out, name)
        out[name] = out[name][
            ~(out[name]["record_id"].notna() & pd.DataFrame({"r": out[name]["record_id"], "k": known}).duplicated())
        ]
    return out


def _known_on(tables: Tables, name: str) -> pd.Series:
    """Return the day on which each row became known by the rules in data/README.md; null means always known."""
    table, day = tables[name], TABLES[name].day
    recorded = table["recorded_on"] if "recorded_on" in table else pd.Series([None] * len(table), dtype=object)
    if day is None:
        return recorded
    default = table[day]
    if name == "income":
        pairs = zip(table["period_start"], table["months"], strict=True)
        default = pd.Series(
            [to_date(to_month_end(to_month(to_day(start)) + int(m) - 1)) for start, m in pairs], index=table.index
        )
    return recorded.where(recorded.notna(), default)


def _decoded(values: np.ndarray, levels: tuple[str, ...] | None) -> list[object]:
    if levels is None:
        return values.tolist() if values.dtype.kind != "f" else [value.tobytes() for value in values]
    return [None if np.isnan(value) or value < 0 else levels[int(value)] for value in values.astype(np.float64)]


def read_household(panel: Panel, i: int) -> dict[str, object]:
    """Return the exact bits of everything that a panel holds about one household."""
    out: dict[str, object] = {
        "id": str(panel.household_id[i]),
        **{name: getattr(panel, name)[..., i].tobytes() for name in ("sources", "total", "reported", "size", "line")},
        **{name: getattr(panel, name)[i].item() for name in ("known", "size_now", "monitored")},
        **{name: panel.get_latest(name)[i].item() for name in ("kind", "exited_on")},
        "region": panel.region[1][panel.region[0][i]],
        "income": [panel.income_per_head(w, lag)[i].tobytes() for w, lag in ((1, 0), (3, 2), (12, 0), (12, 12))],
    }
    for name, attribute in panel.attributes.items():
        pair = np.array([attribute.values[i], attribute.before[i]])
        out[name] = [
            None if a is None or a == np.float64(np.nan).tobytes() else a for a in _decoded(pair, attribute.levels)
        ]
    for name in ("illness", "disaster", "exposure", "events", "help", "monitoring", "members"):
        events = getattr(panel, name)
        rows = events.household == i
        for column in events.names:
            if (name, column) != ("disaster", "region_code"):
                out[f"{name}.{column}"] = _decoded(events[column][rows], events.levels.get(column))
        for column in ("cost", "loss", "amount"):
            if column in events.names:
                out[f"{name}.{column}.total"] = events.sum(events[column])[i].tobytes()
    return out


def read_all_households(records: Records, as_of: int, chunk: int = 4096) -> list[dict[str, object]]:
    return [read_household(panel, i) for panel in records.panels(as_of, chunk=chunk) for i in range(panel.n)]


def write(tables: Tables, folder: Path, seed: int | None = None) -> Path:
    """Write the tables; if a seed is passed, shuffle the rows and split them into several parts."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for name, frame in tables.items():
        if seed is None:
            pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / f"{name}.parquet")
            continue
        (folder / name).mkdir()
        schema = pa.Table.from_pandas(frame, preserve_index=False).schema
        for k, rows in enumerate(np.array_split(rng.permutation(len(frame)), 3)):
            part = pa.Table.from_pandas(frame.iloc[rows], schema=schema, preserve_index=False)
            pq.write_table(part, folder / name / f"part{k}.parquet")
    return folder


@pytest.fixture(scope="module", params=[1, 2])
def tables(request):
    return draw_tables(request.param)


@pytest.fixture(scope="module")
def records(tables):
    return Records.from_tables(tables)


def test_the_random_records_hold_every_kind_of_row(tables, records):
    for name in ("income", "illness", "disaster", "events", "help"):
        assert tables[name]["record_id"].duplicated(keep=False).sum() > 20
    assert tables["monitoring"].duplicated(["household_id", "entered_on"]).sum() > 3
    panel = records.panel(AS_OFS[-1])
    for name in ("illness", "disaster", "exposure", "events", "help", "monitoring", "members"):
        assert len(getattr(panel, name)) > 5
    assert panel.known.any()
    assert not records.panel(AS_OFS[0]).known.all()


def test_a_folder_gives_the_same_panel_as_the_same_rows_in_memory(tables, records, tmp_path):
    loaded = Records.load(write(tables, tmp_path / "records"))
    assert loaded.household_id.tolist() == records.household_id.tolist()
    assert loaded.present == records.present
    assert loaded.income.count_reports_by_month().tolist() == records.income.count_reports_by_month().tolist()
    for as_of in AS_OFS:
        assert read_all_households(loaded, as_of) == read_all_households(records, as_of)


def test_shuffled_rows_in_parts_give_the_same_panel_as_one_file(tables, records, tmp_path):
    plain, parts = write(tables, tmp_path / "plain"), write(tables, tmp_path / "parts", seed=5)
    one, other = Records.load(plain), Records.load(parts)
    for as_of in AS_OFS:
        assert read_all_households(one, as_of) == read_all_households(other, as_of)
    assert one.fingerprint == other.fingerprint
    shuffled = Records.from_tables({name: frame.sample(frac=1, random_state=7) for name, frame in tables.items()})
    assert read_all_households(shuffled, AS_OFS[-1]) == read_all_households(records, AS_OFS[-1])
    assert shuffled.fingerprint == records.fingerprint


def test_a_household_gives_the_same_panel_alone_as_among_many(tables, records):
    together = [read_all_households(records, as_of) for as_of in AS_OFS]
    for i, code in enumerate(records.household_id):
        own = {name: frame[frame["household_id"] == code] for name, frame in tables.items() if name != "lines"}
        regional = tables["disaster"][tables["disaster"]["region_code"].notna()]
        own |= {"disaster": pd.concat([own["disaster"], regional]), "lines": tables["lines"]}
        alone = Records.from_tables(own)
        for as_of, among in zip(AS_OFS, together, strict=True):
            assert read_all_households(alone, as_of) == [among[i]]


def test_panels_of_any_size_give_the_same_values(records):
    for as_of in AS_OFS:
        assert (
            read_all_households(records, as_of, chunk=1)
            == read_all_households(records, as_of, chunk=5)
            == read_all_households(records, as_of)
        )


@pytest.mark.parametrize("as_of", AS_OFS)
def test_rows_recorded_later_change_nothing(tables, records, as_of):
    # Instead of adding rows that become known later, compare with records without any such row.
    known_then = {}
    for name, frame in tables.items():
        known = _known_on(tables, name)
        use = known.isna() | (known <= to_date(as_of)) if name != "lines" else pd.Series(True, frame.index)
        known_then[name] = frame[use.astype(bool)]
        assert name == "lines" or len(known_then[name]) < len(frame)
    then = Records.from_tables(known_then)
    assert read_all_households(then, as_of) == [
        h for h in read_all_households(records, as_of) if h["id"] in then.household_id
    ]


def test_a_panel_with_a_later_knowledge_date_agrees_with_the_panel_of_that_date(tables, records):
    as_of, later = AS_OFS[0], AS_OFS[-1]
    one = records.panel(as_of, known_at=later)
    assert not np.array_equal(one.total, records.panel(as_of).total, equal_nan=True)
    assert np.array_equal(one.total[:18], records.panel(later, months=54).total[18:36], equal_nan=True)
