"""Lays out the sheets of a list as a style describes them, and records the kind and the meaning of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from riskml.simulation.lists.entries import Entry
from riskml.simulation.lists.identities import WIDE, Reader, Seen, write_name, write_number
from riskml.simulation.lists.people import WORDS, People, Person
from riskml.simulation.lists.spoil import MAIN_DATES

Spec = dict[str, Any]
_DATES = (*MAIN_DATES, "exited_on", "entered_on", "cleared_on", "left_on")
_SHOW_VILLAGE = {"village", "dwelling", "address", "place_full"}
_EXCEL_START = date(1899, 12, 30)
_AMOUNTS = {
    "comma": "{:,.2f}", "text": "{:.2f}", "yuan": "{:.2f}元", "wide": "{:.2f}", "sign": "¥{:,.2f}", "pad": " {:.2f} ",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its header, its field in truth.json, the value that it shows, and the forms of the value."""

    header: str
    field: str
    value: str
    form: str
    first: bool
    hidden: bool

    @classmethod
    def parse(cls, line: str, words: Spec) -> Column:
        """Parse ``header | field | value | form``; with ``first``, only the first row of a household has the value."""
        header, what, value, *forms = (part.strip() for part in line.split("|"))
        form = next((f for f in forms if f != "first"), "")
        title = header.removesuffix("(hidden)").strip().format(**words)
        return cls(title, what, value, form, "first" in forms, header.endswith("(hidden)"))


@dataclass
class Page:
    """A sheet: cells, the kind of every row, the truth about its data rows, and what is merged or hidden."""

    name: str
    columns: list[Column]
    hidden: bool = False
    cells: list[list[Any]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    truth: list[Spec] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)

    def add(self, kind: str, cells: list[Any]) -> int:
        """Append a row; return its number, counted from 1."""
        self.cells.append(cells + [None] * (len(self.columns) - len(cells)))
        self.kinds.append(kind)
        return len(self.cells)

    def add_headers(self, kind: str) -> None:
        """Append one row of headers, or two if there are groups: a group's name is above its first column."""
        parts = [column.header.replace("//", "\0").split("/") for column in self.columns]
        parts = [[part.replace("\0", "/") for part in pair] for pair in parts]
        grouped = max(map(len, parts)) > 1
        top = [p[0] if i == 0 or len(p) == 1 or parts[i - 1][0] != p[0] else None for i, p in enumerate(parts)]
        row = self.add(kind, list(top))
        if not grouped:
            return
        self.add(kind, [p[1] if len(p) > 1 else None for p in parts])
        for name, run in groupby(range(len(parts)), lambda i: parts[i][0] if len(parts[i]) > 1 else i):
            columns = list(run)
            end = row if isinstance(name, str) else row + 1
            if end > row or len(columns) > 1:
                self.merged.append((row, columns[0] + 1, end, columns[-1] + 1))

    def merge_households(self) -> None:
        """Merge cells that are filled only in a household's first row with those of its other members' rows."""
        shared = [i for i, column in enumerate(self.columns) if column.first]
        rows = [row for row, kind in enumerate(self.kinds, 1) if kind == "data"]
        if not shared:
            return
        starts = [r for r in rows if (self.cells[r - 1][shared[-1]] is not None or r - 1 not in rows)]
        for start, following in zip(starts, [*starts[1:], len(self.cells) + 1], strict=True):
            end = max(row for row in rows if row < following)
            if end > start:
                self.merged.extend((start, i + 1, end, i + 1) for i in shared)


@dataclass
class Writer:
    """Writes the sheets of one file.

    Parameters
    ----------
    spec : dict
        The file's description in a style (`style_1.yaml` explains the keys).
    people : People
    reader : Reader
    received : date
        Day on which the county receives the file.
    reported : set of str
        Events that an earlier list reported; those in this file are added.
    rng : numpy.random.Generator
    """

    spec: Spec
    people: People
    reader: Reader
    received: date
    reported: set[str]
    rng: np.random.Generator
    alike: dict[tuple[str, bool], frozenset[str]] = field(default_factory=dict)
    """Villages that share their name with a village and, if the town is shown, its town."""

    def write(self, sheet: Spec, name: str, entries: list[Entry], words: Spec) -> Page:
        """Write one sheet of entries; ``words`` replace the placeholders in titles."""
        page = Page(name, [Column.parse(line, words) for line in sheet["columns"]], bool(sheet.get("hidden")))
        for title in sheet.get("titles", ()):
            row = page.add("title", [str(title).format(**words)])
            if sheet.get("merge_titles", True):
                page.merged.append((row, 1, row, len(page.columns)))
        page.add_headers("header")
        section, sums, group = "", np.zeros(len(page.columns)), np.zeros(len(page.columns))
        for count, entry in enumerate(entries):
            town, village = self.people.find_village(entry)
            key = sheet.get("sections", "").format(town=town, village=village)
            if key != section:
                self._add_total(page, sheet.get("subtotal") if section else None, group)
                section, group = key, np.zeros(len(page.columns))
                if sheet.get("section_rows", True):
                    page.add("section", [key])
            if count and count % sheet.get("header_every", 10**9) == 0:
                page.add_headers("header_again")
            if count and count % sheet.get("blank_every", 10**9) == 0:
                page.add("blank", [])
            values = self._add_entry(page, sheet, entry, count + 1)
            group, sums = group + values, sums + values
        self._add_total(page, sheet.get("subtotal") if section else None, group)
        self._add_total(page, sheet.get("total"), sums)
        for kind in ("note", "signature"):
            for text in sheet.get(f"{kind}s", ()):
                page.add(kind, [part.format(**words) for part in str(text).split("|")])
        page.merge_households()
        return page

    def _add_total(self, page: Page, label: str | None, sums: Any) -> None:
        if label:
            page.add("total", [label, *(round(float(s), 2) if s else None for s in sums[1:])])

    def _add_entry(self, page: Page, sheet: Spec, entry: Entry, count: int) -> Any:
        """Add the row for an entry and its truth; return the amounts to be summed up, by column."""
        seen, cells, sums = Seen("", "", "none"), [], np.zeros(len(page.columns))
        faults = {which: self._draw_fault(which) if entry.person else "" for which in ("numbers", "names")}
        if faults["numbers"] == "other":
            faults["names"] = ""
        precisions: dict[str, str] = {}
        for i, column in enumerate(page.columns):
            if entry.person and column.value in ("name", "head", "id", "head_id", "certificate", "school_no"):
                cell = self._write_identity(column.value, entry, entry.person, faults, seen)
            else:
                cell, precision = self._write_cell(column, entry, count, seen)
                table, _, name = column.field.partition(".")
                if name in _DATES and precision:
                    precisions[table] = precision
            if column.first and not entry.shown.get("first", True):
                cell = None
            amount = entry.shown.get(column.value)
            if isinstance(amount, int | float) and not isinstance(amount, bool) and cell is not None:
                sums[i] = amount / 10_000 if column.form == "wan" else amount
            cells.append(cell)
        row = page.add("data", cells)
        if page.hidden or entry.shown.get("hidden"):
            page.kinds[-1] = "hidden"
            page.hidden_rows.append(row)
            return sums
        if entry.person:
            seen.villages = self._see_villages(page, sheet, entry.person)
        labels = [
            f"{prefix}:{faults[which]}" for prefix, which in (("id", "numbers"), ("name", "names")) if faults[which]
        ]
        page.truth += self._tell_truth(page, row, entry, seen, precisions, [*labels, *entry.faults])
        return sums

    def _see_villages(self, page: Page, sheet: Spec, person: Person) -> frozenset[str] | None:
        """Return the codes of the villages that a row may be about, or None if it shows no village."""
        context = f"{sheet.get('sections', '')} {sheet.get('split', '')}"
        values = {column.value for column in page.columns}
        if not values & _SHOW_VILLAGE and "village" not in context:
            return None
        key = person.village, bool(values & {"town", "place_full", "address"} or "town" in context)
        if key not in self.alike:
            (town, village), sure = self.people.villages[person.village], key[1]
            villages = self.people.villages.items()
            self.alike[key] = frozenset(c for c, (t, v) in villages if v == village and (t == town or not sure))
        return self.alike[key]

    def _draw_fault(self, which: str) -> str:
        """Draw a fault according to the file's percentages; often, there is none."""
        x = self.rng.random() * 100
        for fault, percent in self.spec.get(which, {}).items():
            x -= percent
            if x < 0:
                return str(fault)
        return ""

    def _write_identity(self, value: str, entry: Entry, person: Person, faults: Spec, seen: Seen) -> Any:
        """Write a name or number; only that of the person whom the row is about has faults."""
        head = self.people.get_head(entry.home, entry.on)
        if value in ("head", "head_id") and entry.level == "person" and head and head is not person:
            seen.head = head.name
            return head.name if value == "head" else head.number
        if value == "name" or (value == "head" and entry.level == "household"):
            cell, seen.name, seen.wife_of = write_name(faults["names"], person, head, self.rng)
            return cell
        if value == "head":
            seen.head = person.name
            return person.name
        if value in ("certificate", "school_no") and faults["numbers"] not in ("missing", "spaces", "other"):
            faults["numbers"] = ""
        cell, seen.number, seen.quality = write_number(faults["numbers"], person, self.people, entry.on, self.rng)
        if value == "certificate" and seen.quality == "full":
            space, again = " " * (faults["numbers"] == "spaces"), "B1" * (self.rng.random() < 0.1)
            return f"{cell}{space}{entry.shown['certificate']}{again}"
        return f"G{cell}" if value == "school_no" and seen.quality == "full" else cell

    def _write_cell(self, column: Column, entry: Entry, count: int, seen: Seen) -> tuple[Any, str]:
        """Return a cell and, if a day is shown only as month or year, the precision."""
        value, person = column.value, entry.person
        town, village = self.people.find_village(entry)
        group = f"{1 + sum(map(ord, entry.home)) % 8}组"
        if value == "dwelling":
            return (town + village if self.rng.random() < 0.5 else village), ""
        address = {"town": town, "village": village, "group": group, "number": len(seen.name) * 7}
        known = {
            "serial": count, "": column.form, "town": town, "village": village, "place_full": town + village,
            "group": group, "county": WORDS["county"], "household_no": entry.home,
            "address": WORDS["address"].format(**address),
        }  # fmt: skip
        if value in known:
            return known[value], ""
        raw = entry.shown.get(value)
        if person and value in ("phone", "sex", "birth", "relation", "person_no") and raw is None:
            raw = getattr(person, "person_id" if value == "person_no" else value)
        if value == "birth":
            seen.birth = raw
        elif value == "phone":
            seen.phone = raw
        if "=" in column.form:
            words = dict(pair.strip().split("=") for pair in column.form.split(";"))
            return self._pick(words.get(str(raw), "").replace(" ", "").split(",")), ""
        if isinstance(raw, date):
            return self._write_date(raw, column.form or self._pick(self.spec["dates"]))
        if isinstance(raw, float):
            return self._write_amount(raw, column.form or self._pick(self.spec.get("amounts", ["plain"]))), ""
        return raw, ""

    def _pick(self, items: list[str]) -> str:
        return items[int(self.rng.integers(len(items)))]

    @staticmethod
    def _write_date(day: date, form: str) -> tuple[Any, str]:
        if form in ("cell", "serial"):
            return day if form == "cell" else float((day - _EXCEL_START).days), ""
        time = f"{8 + day.day % 10:02}:{day.day * 2 % 60:02}:{day.month * 4 % 60:02}"
        text = form.format(y=day.year, m=day.month, d=day.day, time=time)
        return text, "" if "{d" in form else "month" if "{m" in form else "year"

    @staticmethod
    def _write_amount(amount: float, form: str) -> Any:
        if form == "wan":
            return round(amount / 10_000, 6)
        text = _AMOUNTS[form].format(amount) if form in _AMOUNTS else ""
        return text.translate(WIDE).replace(".", "．") if form == "wide" else text or amount

    def _tell_truth(
        self, page: Page, row: int, entry: Entry, seen: Seen, precisions: dict[str, str], faults: list[str]
    ) -> list[Spec]:
        """Return the lines of truth.parquet about a row: one for each record, or a single line without a record."""
        person, level, tolerable = entry.person, entry.level, set(entry.accept)
        registered = person is not None and person.person_id in self.people.persons
        known, decision = registered or level == "region", "matched"
        if level != "region":
            decision, more, level = self.reader.judge(seen, person if registered else None, level, entry.on)
            tolerable |= more
        if entry.reason == "dead":
            decision, tolerable = "ask", {"refused"}
        elif entry.reason:
            tolerable |= {"ask", "stranger"} if decision == "stranger" else {"ask"}
            decision = "refused"
        real = (person.person_id, entry.home) if person and registered else ("", "")
        certain = real if decision == "matched" else ("", "")
        others = [code for _, code in person.homes if code != entry.home] if person and certain[0] else []
        line = {
            "sheet": page.name, "row": row, "row_kind": "data", "decision": decision, "level": level,
            "accept": ";".join(sorted(tolerable)), "reason": entry.reason,
            "faults": ";".join(faults if known else [*faults, "stranger"]), "repeat": entry.event in self.reported,
            "person_id": certain[0], "household_id": certain[1], "household_alt": "".join(others[:1]),
            "real_person_id": real[0], "real_household_id": real[1], "event_id": entry.event if known else "",
        }  # fmt: skip
        self.reported.add(entry.event)
        lines = []
        for record in entry.records if known and decision in ("matched", "ask") else []:
            extra: Spec = {"visits": 1} if "visits" in record and all(c.value != "visits" for c in page.columns) else {}
            optional, precision = bool(record.get("optional") or entry.optional), precisions.get(record["table"], "day")
            extra |= {"optional": optional, "precision": precision, "recorded_on": self.received}
            values = {k: v for k, v in record.items() if k not in ("event", "optional", *extra)}
            lines.append({**line, **values, **extra, "event_id": record.get("event", entry.event)})
        return lines or [line]
