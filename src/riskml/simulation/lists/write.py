"""Writes the lists of a simulated county in one of two styles, with a register and the truth about every row."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskml.errors import SimulationError
from riskml.simulation.lists.entries import Entries, Entry
from riskml.simulation.lists.files import to_text, write_file
from riskml.simulation.lists.identities import Reader
from riskml.simulation.lists.people import WORDS, Person, invent_people
from riskml.simulation.lists.register import find_period, list_register
from riskml.simulation.lists.sheets import Page, Spec, Writer
from riskml.simulation.lists.spoil import revise, spoil
from riskml.text import read_data
from riskml.vocabulary.regions import Level, take_region

STYLES = ("1", "2", "large")
"""Two styles for all departments, and one list of 50,000 medical bills for measuring speed."""

LEAST_MONTHS = 24
"""Number of recorded months that the lists need: the last ten months, and a year of income before them."""

COLUMNS = [name for names in WORDS["truth"] for name in names]
"""Columns of truth.parquet."""


def write_lists(records: Path, out: Path, style: str, seed: int) -> dict[str, int]:
    """Write the lists of a simulated county, and the meaning of each row.

    Parameters
    ----------
    records : Path
        The records folder written by `simulate`.
    out : Path
        Folder for ``lists/``, ``history/`` (the first delivery), ``register/``, ``received.csv``, ``lines.csv``,
        ``truth.parquet`` and ``truth.json``; files of these names are replaced.
    style : {"1", "2", "large"}
        Which headers, layouts, units, faults and file formats the departments use.
    seed : int
        Random seed; the same records, style and seed give the same files.

    Returns
    -------
    dict of str to int
        Number of files and of rows of data.

    Raises
    ------
    SimulationError
        If there is no such style, or if the county has fewer than 24 recorded months.
    """
    if style not in STYLES:
        raise SimulationError("The style of lists is {style!r}.", "Choose 1, 2 or large.", style=style)
    tables = {path.stem: pd.read_parquet(path) for path in sorted(records.glob("*.parquet")) if path.stem != "truth"}
    income = tables["income"]
    first, last = income.loc[income["months"] == 1, "period_start"].agg(["min", "max"])
    if (last.year - first.year) * 12 + last.month - first.month + 1 < LEAST_MONTHS:
        raise SimulationError(
            "Lists need at least {months} recorded months.", "Simulate more --months.", months=LEAST_MONTHS
        )
    return _County(tables, out, style, seed, first, last).write()


class _County:
    """The county whose lists are written: its people, what departments know about them, and the truth so far."""

    def __init__(
        self, tables: dict[str, pd.DataFrame], out: Path, style: str, seed: int, first: date, last: date
    ) -> None:
        self.spec: dict[str, Any] = read_data("riskml.simulation.lists", f"style_{style}.yaml")
        self.out, self.tables, self.style, self.seed = out, tables, style, [seed, STYLES.index(style)]
        self.start, self.last = _shift(last, -9), last
        years = [date(year, 3, 1) for year in range(first.year + 1, self.start.year + 1)]
        self.states = [day for day in years if day < self.start] + [self.start, _shift(last, -4)]
        self.people = invent_people(tables, self.states, np.random.default_rng([seed, 5]))
        rng, end = np.random.default_rng([*self.seed, 0]), _month_end(last)
        self.entries = Entries(
            tables, self.people, self.states[0], self.start, end, rng, int(self.spec.get("least", 0))
        )
        self.reader, self.reported = Reader(self.people), set[str]()
        self.truth: list[dict[str, Any]] = []
        self.meta: dict[str, Any] = {}
        self.dead: list[Person] = []

    def write(self) -> dict[str, int]:
        for name in ("lists", "history", "register"):
            shutil.rmtree(self.out / name, ignore_errors=True)
            (self.out / name).mkdir(parents=True)
        specs = sorted(self._schedule(), key=lambda spec: (spec["received"], spec["file"]))
        for number, spec in enumerate(specs):
            self._write_file(spec, np.random.default_rng([*self.seed, 1 + number]))
        self.people.tabulate().to_csv(self.out / "register/persons.csv", index=False)
        names = [(code, *village) for code, village in self.people.villages.items()]
        villages = pd.DataFrame(names, columns=["village_code", "town", "village"])
        villages.to_csv(self.out / "register/villages.csv", index=False)
        self.tables["lines"].to_csv(self.out / "lines.csv", index=False)
        received = [(file, noted["received_on"]) for file, noted in self.meta.items() if not noted["history"]]
        pd.DataFrame(received, columns=["file", "received_on"]).to_csv(self.out / "received.csv", index=False)
        truth = pd.DataFrame(self.truth).reindex(columns=COLUMNS)
        for name in set(COLUMNS) - {"row"}:
            truth[name] = truth[name].eq(True) if name in ("repeat", "optional") else truth[name].map(to_text)
        truth.to_parquet(self.out / "truth.parquet", index=False)
        county = take_region(min(self.people.villages), Level.COUNTY)
        codes = {"".join(village): code for code, village in self.people.villages.items()}
        meta = {"seed": self.seed[0], "style": self.style, "county": county, "villages": codes, "files": self.meta}
        text = json.dumps(meta, ensure_ascii=False, indent=1)
        (self.out / "truth.json").write_text(text, encoding="utf-8")
        rows = truth[truth["row_kind"] == "data"].drop_duplicates(["file", "sheet", "row"])
        return {"files": len(self.meta), "rows": len(rows)}

    def _schedule(self) -> list[Spec]:
        """Return the description of each file, the days that it covers, and the day on which it is received."""
        *past, first, last = self.states
        states = {"history": past, "first": [first], "last": [last]}
        specs = []
        for spec in self.spec["files"]:
            if "state" in spec:
                specs += [{**spec, "span": (day, day), "received": day} for day in states[spec["state"]]]
            elif spec.get("history"):
                for year in range(past[0].year if past else self.start.year, self.start.year):
                    span = date(year, 1, 1), date(year, 12, 31)
                    specs.append({**spec, "span": span, "received": date(year + 1, 1, 20)})
            else:
                months = [_shift(self.last, month) for month in spec["months"]]
                span = (months[0], _month_end(months[1]))
                specs.append({**spec, "span": span, "received": span[1] + timedelta(int(spec["received"]))})
        return specs

    def _write_file(self, spec: Spec, rng: np.random.Generator) -> None:
        (first, last), received, period = spec["span"], spec["received"], find_period(spec["span"][1])
        words = {
            "y": last.year, "m": last.month, "m0": first.month, "m1": _shift(first, 1).month, "day": received,
            "ry": received.year, "rm": received.month, "d": received.day, "county": WORDS["county"],
            "p0": f"{period.year}年{period.month}月", "p1": f"{period.year + 1}年9月", "py": period.year + 1,
        }  # fmt: skip
        name = spec["file"].format(**words)
        writer = Writer(spec, self.people, self.reader, received, self.reported, rng)
        pages = []
        for sheet in spec["sheets"]:
            for part, entries in self._share_out(sheet, spec, rng):
                kind = {"part": sheet.get("kinds", {}).get(part, part)}
                title = str(sheet.get("name", "Sheet1")).format(**words, **kind)
                pages.append(writer.write(sheet, title, entries, words | kind))
        folder = "history" if spec.get("history") else "lists"
        write_file(self.out / folder / name, pages, spec.get("encoding", "utf-8-sig"))
        self._note(name, spec, pages)
        if spec["department"] == "公安":
            self.dead = [p for p in self.people.persons.values() if p.dead and p.left_on and first <= p.left_on <= last]

    def _share_out(self, sheet: Spec, spec: Spec, rng: np.random.Generator) -> list[tuple[str, list[Entry]]]:
        """Return the entries for each sheet that a description covers, in the order of the list."""
        entries = self._gather(sheet, spec, rng)
        if sheet.get("sections"):
            entries.sort(key=self.people.find_village)
        if not (split := sheet.get("split")):
            return [("", entries)]
        parts: dict[str, list[Entry]] = {}
        for entry in entries:
            key = self.people.find_village(entry)[0] if split == "town" else entry.shown[split]
            parts.setdefault(key, []).append(entry)
        return sorted(parts.items())

    def _gather(self, sheet: Spec, spec: Spec, rng: np.random.Generator) -> list[Entry]:
        (first, last), source = spec["span"], sheet["source"]
        if source == "register":
            return list_register(self.tables, self.people, first, rng)
        entries = self.entries.get(source, first, last)
        for name, values in sheet.get("where", {}).items():
            entries = [e for e in entries if e.shown[name] in values]
        if sheet.get("wide"):
            entries = _join_months(entries, first)
        if len(entries) > (most := sheet.get("most", 10**9)):
            kept = set(rng.permutation(len(entries))[:most].tolist())
            entries = [e for i, e in enumerate(entries) if i in kept]
        if rows := sheet.get("rows"):
            entries = [_repeat(entries[i % len(entries)], i // len(entries)) for i in range(rows)]
        if "revisions" in sheet:
            before = self.entries.get(source, self.start, first - timedelta(1))
            entries = revise(entries, before, sheet["revisions"], self.reported, rng)
        entries = spoil(entries, sheet.get("bad", {}), self.dead, self.people, self.reported, rng)
        for entry in entries:
            entry.level = sheet.get("level", entry.level)
        if source == "support":
            entries.sort(key=lambda e: (self.people.find_village(e), e.home, not e.shown["first"]))
        return entries

    def _note(self, name: str, spec: Spec, pages: list[Page]) -> None:
        """Add the rows and columns of a file to the truth."""
        sheets, history = {}, bool(spec.get("history"))
        for page in pages:
            key = "" if name.endswith(".csv") else page.name
            noted = {line["row"] for line in page.truth}
            for line in page.truth:
                self.truth.append({"file": name, **line, "sheet": key, **({"recorded_on": ""} if history else {})})
            for row, kind in enumerate(page.kinds, 1):
                if row not in noted:
                    line = {"file": name, "sheet": key, "row": row, "row_kind": kind, "decision": "ignored"}
                    self.truth.append(line)
            columns = [
                {"column": i, "header": c.header.replace("//", "/"), "field": c.field, "hidden": c.hidden}
                for i, c in enumerate(page.columns, 1)
            ]
            headers = [row for row, kind in enumerate(page.kinds, 1) if kind == "header"]
            rows = {"header_rows": headers, "data_rows": page.kinds.count("data")}
            sheets[key] = {"hidden": page.hidden, **rows, "columns": columns}
        noted_file = {"department": spec["department"], "received_on": str(spec["received"]), "habits": spec["habits"]}
        self.meta[name] = noted_file | {"history": history, "sheets": sheets}


def _join_months(entries: list[Entry], first: date) -> list[Entry]:
    """Join the wages of several months into one row per person, with one value per month."""
    rows: dict[str, Entry] = {}
    for entry in entries:
        code = entry.person.person_id if entry.person else ""
        row = rows.setdefault(code, replace(entry, shown=dict(entry.shown), records=[], event=f"wages-{code}-{first}"))
        row.shown[f"wage_{(entry.on.year - first.year) * 12 + entry.on.month - first.month + 1}"] = entry.shown["wage"]
        row.records = [*row.records, *(r for r in entry.records if r["table"] == "income" or not row.records)]
    return list(rows.values())


def _repeat(entry: Entry, times: int) -> Entry:
    """Copy a bill, with costs that are some yuan higher, to make a list of any length."""
    more = {"cost": entry.shown["cost"] + times, "reimbursed": entry.shown["reimbursed"] + times}
    settlement = f"{entry.shown['settlement']}{times:03}"
    records = [record | {"cost": more["cost"]} for record in entry.records]
    shown = {**entry.shown, **more, "settlement": settlement}
    return replace(entry, shown=shown, records=records, event=f"{entry.event}-{times}")


def _shift(day: date, months: int) -> date:
    """Return the first day of the month that is ``months`` months after that of a day."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _month_end(day: date) -> date:
    return _shift(day, 1) - timedelta(1)
