"""Checks that compare tables: households, members, regions and lines that have no match in another table."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.duplicates import POSITION
from riskml.records.checking.registry import Probe, build_spoilt_sql, check, has_columns, list_suspect
from riskml.records.contract.schema import TABLES, Table
from riskml.records.reading.cell_sql import build_day_sql
from riskml.records.reading.folder import Folder

__all__: list[str] = []

_CUT = {
    "[0-9]{16,}": "Codes in households that end in zeros after 15 digits may have been cut by a spreadsheet: in that "
    "case, export households again with codes as text."
}


def _are_sound(folder: Folder, table: str, *columns: str) -> str:
    """Build the SQL condition that no code in the other table is spoilt, which would explain a row."""
    spoilt = [build_spoilt_sql(name) for name in columns if name in list_suspect(folder, TABLES[table])]
    return f"NOT EXISTS (FROM {folder.get_view(table)} WHERE {' OR '.join(spoilt)})" if spoilt else "true"


@check(
    "A household is not in the table of households",
    "农户不在农户表中",
    "Add the household to households, or correct the code; '12' and '0012' are different codes. Delete rows that are "
    "notes, totals or a second header.",
)
def unknown_household(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report rows for a household that is missing from the table of households."""
    both = (table.name, "households")
    if table.name != "households" and all(has_columns(folder, name, "household_id") for name in both):
        rows = f"""
            SELECT {POSITION}, household_id AS "#value" FROM {folder.get_numbered_view(table.name)}
            ANTI JOIN (SELECT DISTINCT household_id FROM {folder.get_view("households")}) USING (household_id)
            WHERE household_id IS NOT NULL AND {_are_sound(folder, "households", "household_id")}"""
        message = "have a household_id that is not in households"
        if "household_id" in list_suspect(folder, TABLES["households"]):
            yield Probe("household_id", message, rows=rows, advice=_CUT)
        else:
            yield Probe("household_id", message, rows=rows)


@check(
    "A member is not in the table of members",
    "成员不在成员表中",
    "Add the member to members, or correct the code; the row still counts for the household.",
    warning=True,
)
def unknown_member(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report medical care for a person who is not a member of the household."""
    both = ("illness", "members")
    if table.name == "illness" and all(has_columns(folder, name, "household_id", "member_id") for name in both):
        rows = f"""
            SELECT {POSITION}, member_id AS "#value" FROM {folder.get_numbered_view("illness")}
            ANTI JOIN {folder.get_view("members")} USING (household_id, member_id)
            WHERE household_id IS NOT NULL AND member_id IS NOT NULL
                AND {_are_sound(folder, "members", "household_id", "member_id")}"""
        yield Probe("member_id", "have a member_id that is not among the members of the household", rows=rows)


@check(
    "A regional disaster strikes no household",
    "受灾区划内没有农户",
    "Check the prefix: it must be the beginning of the households' region codes.",
    warning=True,
)
def region_without_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a disaster in a region whose prefix does not match any household's region code."""
    both = ("disaster", "households")
    if table.name == "disaster" and all(has_columns(folder, name, "region_code") for name in both):
        rows = f"""
            WITH struck AS (
                SELECT prefix FROM (
                    SELECT DISTINCT region_code AS prefix FROM {folder.get_view("disaster")}) prefixes
                SEMI JOIN (SELECT DISTINCT region_code FROM {folder.get_view("households")}) homes
                ON starts_with(homes.region_code, prefixes.prefix))
            SELECT {POSITION}, region_code AS "#value" FROM {folder.get_numbered_view("disaster")}
            ANTI JOIN struck ON region_code = prefix
            WHERE region_code IS NOT NULL AND {_are_sound(folder, "households", "region_code")}"""
        yield Probe("region_code", "strike a region in which no household lives", rows=rows)


@check(
    "A line applies to no household",
    "监测线的行政区划代码不对应任何农户",
    "Check the prefix: it must be the beginning of the households' region codes. If the code of the county was "
    "changed, write the new code in lines as well; otherwise a line for a larger region applies.",
    warning=True,
)
def line_without_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report lines whose prefix matches no household's region code, if only shorter prefixes match the households.

    A table of the lines of a whole province, with one for the households' own county, is not reported.
    """
    needed = {"households": ("household_id", "region_code"), "lines": ("region_code", "effective_from", "amount")}
    if table.name != "lines" or not all(has_columns(folder, name, *columns) for name, columns in needed.items()):
        return
    rows = f"""
        WITH prefixes AS (SELECT DISTINCT coalesce(region_code, '') AS prefix FROM {folder.get_view("lines")}),
        homes AS (SELECT DISTINCT region_code AS code FROM {folder.get_view("households")} WHERE code IS NOT NULL),
        applied AS (
            SELECT code, prefix, max(length(prefix)) OVER (PARTITION BY code) AS longest
            FROM homes JOIN prefixes ON starts_with(code, prefix))
        SELECT {POSITION}, region_code AS "#value" FROM {folder.get_numbered_view("lines")}
        ANTI JOIN applied ON region_code = prefix
        WHERE length(region_code) > (SELECT min(longest) FROM applied)
            AND {_are_sound(folder, "households", "region_code")}"""
    yield Probe("region_code", "have a region_code that is not the beginning of any household's region code", rows=rows)


@check(
    "Income was reported for months without a line in force",
    "收入所在月份没有生效的监测线",
    "Add the line for that region and time to lines. Until then, the packaged policy table applies; "
    "if it has no line either, no verdict is possible.",
    warning=True,
)
def no_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report income from months before the first line that applies to any of the household's regions.

    Only the earliest months can lack a line, since a region that has a line in force always has one afterwards.
    """
    needed = {
        "income": ("household_id", "period_start"),
        "households": ("household_id", "region_code"),
        "lines": ("effective_from", "amount"),
    }
    if table.name != "income" or not all(has_columns(folder, name, *columns) for name, columns in needed.items()):
        return
    rows = f"""
        WITH regions AS (SELECT DISTINCT region_code AS region FROM {folder.get_view("households")}),
        since AS (
            SELECT region, min(greatest(effective_from, recorded_on)) AS since
            FROM regions LEFT JOIN {folder.get_view("lines")} lines
            ON starts_with(region, coalesce(lines.region_code, '')) AND lines.amount > 0 GROUP BY region),
        first AS (
            SELECT household_id, min(coalesce(since, DATE '9999-12-31')) AS since
            FROM {folder.get_view("households")} JOIN since ON region_code = region GROUP BY household_id)
        SELECT {POSITION}, household_id AS "#value"
        FROM {folder.get_numbered_view("income")} JOIN first USING (household_id)
        WHERE period_start < (SELECT max(since) FROM first) AND {build_day_sql(table)} < first.since
            AND {_are_sound(folder, "households", "region_code")} AND {_are_sound(folder, "lines", "region_code")}"""
    yield Probe("period_start", "lie in months for which the table lines has no line in force", rows=rows)
