"""Lists as they arrive: read and dated, together with the register."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from riskml.errors import UsageError
from riskml.lists.data_files import Patterns
from riskml.lists.decisions import Answers, choose_amount, list_topics
from riskml.lists.persons.key_file import SECRET_VARIABLE, find_secret
from riskml.lists.persons.register import Register
from riskml.lists.reading.headers import read_headers
from riskml.lists.reading.periods import find_period, find_writing
from riskml.lists.reading.read import read_list
from riskml.lists.reading.sheets import Sheet
from riskml.lists.reading.values import try_day
from riskml.records.contract.schema import TABLES
from riskml.text import shorten_list
from riskml.vocabulary.regions import Level, is_region_code


@dataclass(frozen=True)
class Delivery:
    """A list as it arrived.

    Nothing in it is later than ``received``. The register counts as it was on ``as_of``: the day of receipt, or for a
    list of an earlier time the end of the period that it states. ``recorded_on`` is None for such a list.
    """

    file: str
    sheets: list[Sheet]
    received: date
    as_of: date
    recorded_on: date | None

    @property
    def day(self) -> tuple[bool, date]:
        """Whether the day of receipt is known, and the day for which the list stands: the order of lists."""
        return self.recorded_on is not None, self.as_of

    @cached_property
    def signs(self) -> tuple[date | int | None, ...]:
        """What tells which of two lists of one day is newer: period, day of writing, version, and latest day in it."""
        texts = [Path(self.file).stem, *(text for sheet in self.sheets for text in sheet.context.texts)]
        ends = [sheet.context.end for sheet in self.sheets if sheet.context.end]
        return max(ends, default=None), find_writing(texts), _find_version(texts[0]), _find_latest(self.sheets)

    @cached_property
    def digest(self) -> str:
        """Hash of the rows, by which lists are put in an order that does not depend on their names."""
        cells = [[row.cells for row in sheet.rows] for sheet in self.sheets]
        return hashlib.sha256(repr(cells).encode()).hexdigest()

    @property
    def has_register(self) -> bool:
        """Whether one of the sheets is an export of the register."""
        return any(sheet.lists_members for sheet in self.sheets)


def order_deliveries(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Sort lists: those of earlier times first, then by day, then by the periods and dates that they state.

    If that does not decide, their contents do, so that the names of files never matter.
    """
    own = list(deliveries)
    days = Counter(delivery.day for delivery in own)

    def key(delivery: Delivery) -> tuple[object, ...]:
        if days[delivery.day] == 1:
            return delivery.day
        return *delivery.day, [(sign is not None, sign) for sign in delivery.signs], delivery.digest, delivery.file

    return sorted(own, key=key)


def is_newer(delivery: Delivery, other: Delivery) -> bool:
    """Tell whether a list is certainly newer than one that `order_deliveries` puts before it."""
    if delivery.day != other.day:
        return True
    pairs = [(one, two) for one, two in zip(delivery.signs, other.signs, strict=True) if one != two]
    known = [one > two for one, two in pairs if one is not None and two is not None]  # type: ignore[operator]
    return bool(pairs) and None not in pairs[0] and all(known)


class Statements:
    """What the lists of one day have stated about persons and households; lists of another day replace it."""

    def __init__(self) -> None:
        self._day: tuple[Any, ...] = ()
        self._stated: dict[tuple[Any, ...], list[tuple[Delivery, dict[str, Any]]]] = defaultdict(list)

    def leave_out(self, delivery: Delivery, table: str, values: dict[str, Any], *, sure: bool) -> list[str]:
        """Leave out values that contradict another list if neither says which of them is newer; return their names.

        A row of which a person is ``sure`` that it counts leaves out nothing.
        """
        if delivery.day != self._day:
            self._day, self._stated = delivery.day, defaultdict(list)
        key = TABLES[table].key
        others = self._stated[table, *(values[name] for name in key)]
        rivals = [stated for other, stated in others if other is not delivery and not is_newer(delivery, other)]
        contradicted = [
            name
            for name, value in values.items()
            if value is not None and not sure and any(stated.get(name, value) not in (None, value) for stated in rivals)
        ]
        values.update(dict.fromkeys(contradicted))
        others.append((delivery, values))
        return contradicted


_FILE = Patterns("versions")


def _find_version(name: str) -> int:
    """Return the version that the name of a file states; 1 if it is a corrected one, 0 if nothing is said.

    >>> [_find_version(name) for name in ("4月住院", "4月住院（更正版）", "4月住院第三版", "4月住院v2", "4月住院（2）")]
    [0, 1, 3, 2, 2]
    """
    if match := _FILE.version.search(name):
        digit = next(filter(None, match.groups()))
        return "零一二三四五六七八九".index(digit) if digit in "二三四五六七八九" else int(digit)
    return 1 if _FILE.newer.search(name) else 0


def _find_latest(sheets: Iterable[Sheet]) -> date | None:
    """Return the latest day that rows state in a column of days."""
    days = []
    for sheet in sheets:
        columns = [c.index - 1 for c in sheet.columns if c.spare or c.field.endswith(("_on", "_start"))]
        cells = (row.cells[j] for row in sheet.rows if row.kind == "data" for j in columns)
        days += [parsed.day for cell in cells if (parsed := try_day(cell)) is not None]
    return max(days, default=None)


def refuse_personal_data_inside(out: Path, register: Path | None, outputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs inside the records folder or the register, and a records folder and a register inside each other.

    Raises
    ------
    UsageError
        If names and ID numbers would be written into the records folder, or anything into the register.
    """
    files = {**outputs, "--register": register, SECRET_VARIABLE: find_secret()}
    for option, path in files.items():
        if path and path.resolve().is_relative_to(out.resolve()):
            raise UsageError(
                "{option} must not be inside the records folder.",
                "The records folder must not contain names or ID numbers.",
                option=option,
            )
    for option, path in {"--out": out, **outputs}.items():
        if path and register and path.resolve().is_relative_to(register.resolve()):
            raise UsageError(
                "{option} must not be inside the register.",
                "The register's folder is never changed; choose another place.",
                option=option,
            )


def start_register(folder: Path | None, key_file: Path, region: str | None) -> Register:
    """Read the register from its folder or from the key file of an earlier run, or start an empty one for a county.

    Raises
    ------
    UsageError
        If there is neither a register nor the code of a county, or the code does not have 6 digits.
    """
    wrong = region is not None and (len(region) != Level.COUNTY or not is_region_code(region))
    if folder is not None and not wrong:
        return Register.read(folder)
    if key_file.exists() and not wrong:
        return Register.read_key_file(key_file)
    if region is None or wrong:
        raise UsageError(
            "Without --register, --region must give the county's code of 6 digits.",
            "Add --register with the folder of the register, or --region such as 370112.",
        )
    return Register(region=region)


def list_files(paths: Iterable[Path]) -> list[Path]:
    """List files, those of folders sorted by name; temporary and hidden files in folders are left out."""
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [file for file in inside if file.is_file() and (file == path or file.name[0] not in "~._")]
    return files


def read_deliveries(
    files: Sequence[Path],
    history: Sequence[Path],
    register: Register,
    received: Mapping[str, date],
    today: date,
    mapping: Path | None,
    step: Callable[[int], object],
    answers: Answers = MappingProxyType({}),
) -> list[Delivery]:
    """Read lists.

    Parameters
    ----------
    files, history : sequence of Path
        Lists whose rows are recorded on the day of receipt, and lists whose day of receipt is unknown.
    register : Register
    received : mapping
        Day of receipt by file name.
    today : date
        Day of receipt of the other lists.
    mapping : Path or None
        Confirmed headers.
    step : callable
        Called after each list.
    answers : Answers, optional
        What was answered about sheets: their topics, and the columns that hold their amounts.

    Raises
    ------
    UsageError
        If two lists have the same name, a list cannot be read, or there is no register.
    """
    paths = [*files, *history]
    _refuse_equal_names(paths)
    headers, villages = read_headers(mapping), register.villages
    deliveries = []
    for path in paths:
        day = received.get(path.name, today)
        topics = list_topics(answers, path.name, headers)
        sheets = read_list(path, headers, villages, None if path in history else day, topics)
        sheets = [choose_amount(sheet, answers) for sheet in sheets]
        old = path in history
        as_of = min(day, received.get(path.name) or _find_state(path, sheets) or day) if old else day
        deliveries.append(Delivery(path.name, sheets, day, as_of, None if old else day))
        step(1)
    if not register.versions and not any(delivery.has_register for delivery in deliveries):
        raise UsageError(
            "There is no register, and none of the lists is recognised as an export of it.",
            "Add the export of the monitoring system to the lists, or --register with a folder.",
        )
    return deliveries


def _find_state(path: Path, sheets: Iterable[Sheet]) -> date | None:
    """Return the end of the period that the file name of a list, or otherwise one of its titles, states."""
    named = find_period([path.stem])
    return named[1] if named else max((sheet.context.end for sheet in sheets if sheet.context.end), default=None)


def _refuse_equal_names(paths: Iterable[Path]) -> None:
    names = [path.name for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            "{count} file name(s) are given twice: {names}.",
            "Rename the files: lists are identified by their file names.",
            count=len(twice),
            names=shorten_list(twice),
        )
