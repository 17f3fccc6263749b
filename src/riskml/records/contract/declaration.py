"""How the data contract declares a table: its columns, their kinds, and what cells of each kind must be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

IDENTIFIERS = ("household_id", "member_id", "record_id")
"""Columns that identify a household, a member and a record; with ``recorded_on`` they decide which rows count."""


class Kind(StrEnum):
    """Type of a column."""

    TEXT = "text"
    REGION = "region"
    DATE = "date"
    MONTH_START = "month_start"
    COUNT = "count"
    YEAR = "year"
    AMOUNT = "amount"
    FLAG = "flag"
    CODE = "code"
    CODES = "codes"


KIND_WORDS = {
    Kind.TEXT: "text",
    Kind.REGION: "region codes as text",
    Kind.DATE: "dates",
    Kind.MONTH_START: "first days of months",
    Kind.COUNT: "whole numbers",
    Kind.YEAR: "years",
    Kind.AMOUNT: "numbers",
    Kind.FLAG: "true or false",
    Kind.CODE: "codes",
    Kind.CODES: "codes joined by ;",
}
"""What the cells of each kind of column must be, as worded in messages."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
    kind : Kind
    zh, en : str
        Meaning in Chinese and in English.
    required : bool, default False
        Whether the column must be present; nulls in it are then a fault, unless it is ``nullable``.
    nullable : bool, default False
        Whether nulls are allowed although the column is required.
    unit : str
    allowed : dict of str to str
        Allowed codes and their Chinese names, for ``CODE`` and ``CODES`` columns.
    minimum : float, optional
        Smallest allowed value.
    exclusive : bool, default False
        Whether ``minimum`` itself is not allowed.
    maximum : float, optional
        Largest possible value; a larger one is a fault.
    plausible : float, optional
        Largest plausible value; a larger one is a warning.
    default : int, optional
        Value that replaces a null or absent cell.
    added : bool, default False
        Whether the column was added to a later version of the contract. Such a column is part of a fingerprint only if
        at least one of its cells has a value, so that folders without the column keep their fingerprints.
    """

    name: str
    kind: Kind
    zh: str
    en: str
    required: bool = False
    nullable: bool = False
    unit: str = ""
    allowed: dict[str, str] | None = None
    minimum: float | None = None
    exclusive: bool = False
    maximum: float | None = None
    plausible: float | None = None
    default: int | None = None
    added: bool = False

    @property
    def always_stated(self) -> bool:
        """Whether every cell has a value, either its own or the default."""
        return self.default is not None or (self.required and not self.nullable)


@dataclass(frozen=True)
class Table:
    """One table of a records folder.

    Parameters
    ----------
    name : str
    columns : tuple of Column
    zh, en : str
        Name in Chinese and in English.
    required : bool, default False
        Whether a records folder must contain the table.
    key : tuple of str
        Columns whose values are the same in all versions of a row. It is empty for tables whose rows are added up and
        corrected through ``record_id``.
    day : str, optional
        Column from which the day of recording is derived if ``recorded_on`` is null. In a table without such a column,
        a row whose ``recorded_on`` is null is always known.
    attributes : bool, default False
        Whether columns that the contract does not declare are attributes of the household.
    """

    name: str
    columns: tuple[Column, ...]
    zh: str
    en: str
    required: bool = False
    key: tuple[str, ...] = ()
    day: str | None = None
    attributes: bool = False

    def find_column(self, name: str) -> Column | None:
        """Return the declared column with that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the declared columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def identifiers(self) -> tuple[str, ...]:
        """The declared columns that identify a household, a member or a record.

        In a table with attributes, a column may have an identifier's name without being one.
        """
        return tuple(name for name in self.names if name in IDENTIFIERS)

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """Columns that rows share if one replaces another: the key, the record number, or a line's region and day."""
        return self.key or (("record_id",) if "record_id" in self.names else ("region_code", "effective_from"))

    @cached_property
    def full_identity(self) -> tuple[str, ...]:
        """The same with the owner of a record, since its number is unique only within a household or a region."""
        owner = [] if self.key else [name for name in ("household_id", "region_code") if name in self.names]
        return tuple(dict.fromkeys([*owner, *self.identity]))

    @cached_property
    def contents(self) -> tuple[Column, ...]:
        """The declared columns that a panel holds: all except the identifiers and ``recorded_on``."""
        return tuple(column for column in self.columns if column.name not in (*IDENTIFIERS, "recorded_on"))

    @cached_property
    def later_days(self) -> tuple[str, ...]:
        """Date columns whose values are treated as unknown while they lie in the future.

        These are all date columns except the date of the row itself.
        """
        return tuple(column.name for column in self.contents if column.kind is Kind.DATE and column.name != self.day)
