"""Checks that compare tables: households, members, regions and lines that have no match in another table."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.duplicates import POSITION
from riskml.records.checking.registry import Probe, build_spoilt_sql, check, has_columns, list_suspect
from riskml.records.contract.schema import TABLES, Table
from riskml.records.reading.cell_sql import build_day_sql
from riskml.records.reading.folder import Folder


def _are_sound(folder: Folder, table: str, *columns: str) -> str:
    """Build the SQL condition that no code in the other table is spoilt, which would explain a row."""
    spoilt = [build_spoilt_sql(name) for name in columns if name in list_suspect(folder, TABLES[table])]
    return f"NOT EXISTS (FROM {folder.get_view(table)} WHERE {' OR '.join(spoilt)})" if spoilt else "true"


@check()
def unknown_household(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report rows for a household that is missing from the table of households."""
    both = (table.name, "households")
    if table.name != "households" and all(has_columns(folder, name, "household_id") for name in both):
        rows = f"""
            SELECT {POSITION}, household_id AS "#value" FROM {folder.get_numbered_view(table.name)}
            ANTI JOIN (SELECT DISTINCT household_id FROM {folder.get_view("households")}) USING (household_id)
            WHERE household_id IS NOT NULL AND {_are_sound(folder, "households", "household_id")}"""
        yield Probe("household_id", rows=rows)


@check(illness="household_id member_id", members="household_id member_id")
def unknown_member(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report medical care for a person who is not a member of the household."""
    rows = f"""
        SELECT {POSITION}, member_id AS "#value" FROM {folder.get_numbered_view("illness")}
        ANTI JOIN {folder.get_view("members")} USING (household_id, member_id)
        WHERE household_id IS NOT NULL AND member_id IS NOT NULL
            AND {_are_sound(folder, "members", "household_id", "member_id")}"""
    yield Probe("member_id", rows=rows)


@check(disaster="region_code", households="region_code")
def region_without_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a disaster in a region whose prefix does not match any household's region code."""
    rows = f"""
        WITH struck AS (
            SELECT prefix FROM (
                SELECT DISTINCT region_code AS prefix FROM {folder.get_view("disaster")}) prefixes
            SEMI JOIN (SELECT DISTINCT region_code FROM {folder.get_view("households")}) homes
            ON starts_with(homes.region_code, prefixes.prefix))
        SELECT {POSITION}, region_code AS "#value" FROM {folder.get_numbered_view("disaster")}
        ANTI JOIN struck ON region_code = prefix
        WHERE region_code IS NOT NULL AND {_are_sound(folder, "households", "region_code")}"""
    yield Probe("region_code", rows=rows)


@check(lines="region_code effective_from amount", households="household_id region_code")
def line_without_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report lines whose prefix matches no household's region code, if only shorter prefixes match the households.

    A table of the lines of a whole province, with one for the households' own county, is not reported.
    """
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
    yield Probe("region_code", rows=rows)


@check(income="household_id period_start", households="household_id region_code", lines="effective_from amount")
def no_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report income from months before the first line that applies to any of the household's regions.

    Only the earliest months can lack a line, since a region that has a line in force always has one afterwards.
    """
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
    yield Probe("period_start", rows=rows)
