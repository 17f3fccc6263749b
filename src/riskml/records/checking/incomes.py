"""Comparisons of the income per head with the lines, and of the rows of persons with those of households."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.duplicates import POSITION, group_income, select_latest
from riskml.records.checking.plausibility import find_highest_line
from riskml.records.checking.registry import Probe, check
from riskml.records.contract.schema import Table
from riskml.records.reading.folder import Folder

FEWEST_MONTHS = 6
"""Minimum number of months of a year in which amounts may be seen to be sums."""

POOR_SHARE, RICH_SHARE, FEWEST = 0.9, 0.5, 5
"""Shares of the households that must be far below or far above every line, and the minimum number of households."""

_HEADS = {"households": "household_id size", "income": "household_id period_start source amount", "lines": "amount"}

CROWDED, CROWD = 8, 3
"""Minimum number of income rows a month that may be those of several households, and how many times the number that
nine tenths of the households do not exceed it must be."""

RICH, RICHEST = 8, 50
"""Number of lines per head and year that most households cannot have, and that no household can have."""


@check(**_HEADS)
def little_income(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report households with an income per head below half of every line, if nine tenths of the households have so.

    Five hundred households are looked at.
    """
    heads = _compute_heads(folder)
    line = f"(SELECT min(amount) / 2 FROM {folder.get_view('lines')} WHERE amount > 0)"
    rows = f"""
        SELECT {POSITION}, round(head) AS "#value" FROM {heads} WHERE sampled AND head < {line}
        QUALIFY count(*) OVER () >=
            greatest({FEWEST}, {POOR_SHARE} * (SELECT count(*) FROM {heads} WHERE sampled))"""
    yield Probe("size", rows=rows)


@check(**_HEADS)
def much_income(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report households with an income per head above eight times every line, if half of the households have so.

    Five hundred households are looked at. An income above fifty times the line is reported for any household.
    """
    if line := find_highest_line(folder):
        heads = _compute_heads(folder)
        rows = f"""
            SELECT {POSITION}, round(head) AS "#value" FROM {heads} WHERE head > {RICH * line}
            QUALIFY head * least(months, 12) > {12 * RICHEST * line} OR count(*) FILTER (sampled) OVER () >=
                greatest({FEWEST}, {RICH_SHARE} * (SELECT count(*) FROM {heads} WHERE sampled))"""
        yield Probe("size", rows=rows, values={"times": RICH})


def _compute_heads(folder: Folder) -> str:
    """Compute the income per head and year of households over their months; return the name of the table.

    They are the 500 that are ``sampled``, and those that may have far too much.
    """
    least = RICHEST * find_highest_line(folder) / 12
    return folder.create_once(
        '"#heads"',
        f"""
        WITH latest AS (SELECT {POSITION}, household_id, size FROM {select_latest(folder, "households")}),
        sample AS (SELECT household_id FROM latest ORDER BY hash(household_id) LIMIT 500),
        rich AS (SELECT household_id FROM {group_income(folder)} GROUP BY 1 HAVING sum(total) / max(n) > {least}),
        homes AS (
            SELECT *, household_id IN (FROM sample) AS sampled FROM latest
            WHERE household_id IN (FROM sample UNION FROM rich)),
        monthly AS (
            SELECT household_id, amount / months AS amount,
                unnest(range(year(period_start) * 12 + month(period_start), until)) AS month
            FROM (SELECT *, year(period_start) * 12 + month(period_start) + least(months, 1200) AS until
                FROM {folder.get_view("income")} SEMI JOIN homes USING (household_id)
                WHERE member_id IS NULL AND isfinite(amount) AND months > 0))
        SELECT {POSITION}, any_value(sampled) AS sampled, count(DISTINCT month) AS months,
            12 * sum(amount) / count(DISTINCT month) / any_value(size) AS head
        FROM monthly JOIN homes USING (household_id) GROUP BY {POSITION}""",
    )


@check(income="household_id period_start source amount")
def sums_since_january(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report income that grows from January on as sums do, if half of the years of households and sources do so.

    Each month has more than the one before, and the last of at least six, counted from January, has at least half as
    many times the amount of January as there are months. Five hundred households are looked at.
    """
    view = folder.get_numbered_view("income")
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#years" AS
        WITH sample AS (
            SELECT household_id FROM {group_income(folder)} WHERE n > 0
            GROUP BY 1 ORDER BY hash(household_id) LIMIT 500),
        years AS (
            SELECT household_id, source, year(period_start) AS year, list(amount ORDER BY period_start) AS amounts
            FROM {view} SEMI JOIN sample USING (household_id)
            WHERE months = 1 AND amount <> 0 AND member_id IS NULL GROUP BY ALL
            HAVING count(*) >= {FEWEST_MONTHS} AND count(*) = count(DISTINCT period_start)
                AND min(month(period_start)) = 1)
        SELECT *, amounts[1] > 0 AND amounts = list_sort(list_distinct(amounts))
            AND 2 * amounts[-1] >= len(amounts) * amounts[1] AS grows FROM years""")
    rows = f"""
        SELECT {POSITION}, amount AS "#value" FROM {view} r
        JOIN (FROM "#years" WHERE grows) y ON r.household_id = y.household_id AND r.source = y.source
            AND year(r.period_start) = y.year AND r.months = 1 AND month(r.period_start) > 1
        WHERE (SELECT count(*) FILTER (grows) >= greatest({FEWEST}, count(*) / 2) FROM "#years")"""
    yield Probe("amount", rows=rows)


@check(income="source member_id")
def only_parts(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report income rows with a ``member_id`` if no row of their source, and no total, is without one."""
    whole = f"(SELECT DISTINCT source FROM {folder.get_view('income')} WHERE member_id IS NULL)"
    where = f"member_id IS NOT NULL AND source NOT IN {whole} AND 'total' NOT IN {whole}"
    rows = f'SELECT {POSITION}, source AS "#value" FROM {folder.get_numbered_view("income")} WHERE {where}'
    yield Probe("member_id", rows=rows)


@check(income="household_id period_start source amount")
def several_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a household with eight rows or more of a source a month, if nine tenths of the households have few.

    They have less than a third as many: then the code of one household was probably typed for others.
    """
    rows = f"""
        WITH usual AS (SELECT source, quantile_cont(density, 0.9) AS usual FROM {group_income(folder)} GROUP BY source),
        crowded AS (
            FROM {group_income(folder)} JOIN usual USING (source) WHERE density >= greatest({CROWDED}, {CROWD} * usual))
        SELECT {POSITION}, household_id AS "#value" FROM {folder.get_numbered_view("income")}
        SEMI JOIN crowded USING (household_id, source)"""
    yield Probe("household_id", rows=rows)
