"""Comparisons of rows with one another: deliveries, records and periods, rosters, and the regions of households.

Nothing is wrong with any of these rows alone, so they are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator

from riskml.records.checking.duplicates import (
    POSITION,
    find_corrections,
    find_repeated_contents,
    group_income,
    select_counted_income,
    select_latest,
    select_uncorrected,
)
from riskml.records.checking.registry import Probe, check, has_columns
from riskml.records.contract.schema import Kind, Table
from riskml.records.reading.cell_sql import NULL_FIRST, fetch_row, quote
from riskml.records.reading.folder import Folder
from riskml.vocabulary.regions import Level

ALIKE, USUALLY = 0.05, 0.8
"""Share by which a repeated amount may differ, if this share of the rows that repeat a period differ by no more."""

FEWEST_COPIES = 3
"""Fewer equal rows than this may be a coincidence."""

LINED = (Level.COUNTY, Level.TOWN, Level.VILLAGE)
"""Levels of the regions whose codes are compared with those of lines."""

MOSTLY, LONG = 0.75, 9
"""Share of members' codes that must be different for a repeated one to name one person, unless all are this long."""

NEARLY = 0.1
"""Share by which rows for months may differ from the sum that they add up to."""

REGULAR, SUMMED, EXACTLY = ("property", "transfer", "wage"), 10, 0.01
"""Sources that do not bring in a year's income at once, the minimum number of months with which an amount for one month
is compared, and the share by which it may differ from their sum."""


@check()
def delivered_twice(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report rows that repeat an earlier row under another ``recorded_on``, if they make up half of a delivery.

    Amounts may differ by a twentieth, as corrected or rounded ones do, if four fifths of the rows about the same time
    and kind as an earlier row differ by no more: wages from two employers seldom do. The rows have no ``record_id``, or
    each a new one; rows that share a ``record_id`` are corrections. They must be at least half of the rows recorded on
    their own day or, as in a full copy of a small delivery, at least half as many as the rows recorded on the earlier
    day. If this is so for at least half of all copies, all copies are reported. Statements are left out, since a later
    statement replaces an earlier one.
    """
    needed = ("recorded_on", str(table.day))
    if table.find_column("record_id") is None or not has_columns(folder, table.name, *needed):
        return
    cells = ", ".join(quote(name) for name in table.names if name not in ("record_id", "recorded_on"))
    plain = "WHERE statement IS NOT TRUE" if table.find_column("statement") else ""
    amount = next(column.name for column in table.columns if column.kind is Kind.AMOUNT)
    copies = f'"#copies {table.name}"'
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {copies} AS
        WITH candidates AS (FROM {find_repeated_contents(folder, table)} {plain}),
        dated AS (
            SELECT {POSITION}, {amount} AS amount, {NULL_FIRST} AS day, min(day) OVER (PARTITION BY {cells}) AS same,
                min(day) OVER (PARTITION BY h) AS first,
                first({amount}) OVER (PARTITION BY h ORDER BY {NULL_FIRST}, {POSITION}) AS old,
                day > first AND ({amount} IS NOT DISTINCT FROM old OR abs({amount} - old) <= {ALIKE} * abs(old)) AS near
            FROM candidates),
        pairs AS (
            SELECT {POSITION}, amount, day, CASE WHEN day > same THEN same
                WHEN near AND count(*) FILTER (near) OVER () >= {USUALLY} * count(*) FILTER (day > first) OVER ()
                THEN first END AS before FROM dated),
        sizes AS (SELECT {NULL_FIRST} AS day, count(*) AS n FROM {select_uncorrected(folder, table)} GROUP BY 1),
        again AS (
            SELECT *, count(*) OVER (PARTITION BY day) AS of_day, count(*) OVER (PARTITION BY day, before) AS of_pair
            FROM pairs WHERE before IS NOT NULL),
        judged AS (
            SELECT {POSITION}, amount, day, 2 * of_day >= a.n OR 2 * of_pair >= b.n AS repeated
            FROM again JOIN sizes a USING (day) JOIN sizes b ON b.day = before)
        SELECT {POSITION}, amount, day FROM judged
        QUALIFY repeated OR 2 * count(*) FILTER (repeated) OVER () >= count(*) OVER ()""")
    count, extra = fetch_row(folder.connection, f"SELECT count(*), coalesce(sum(amount), 0) FROM {copies}")
    if count < FEWEST_COPIES:
        return
    rows = f'SELECT {POSITION}, day AS "#value" FROM {copies}'
    message = "" if extra else "repeat a row with an earlier recorded_on but not its record_id, so both count"
    yield Probe("recorded_on", rows=rows, values={"extra": extra, "amount": amount}, message=message)


@check()
def record_numbers_reused(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report rows that are replaced by a row about another household, day or kind.

    They are reported only if at least two record numbers, and half of those that occur repeatedly, are used in this
    way: a single correction may well state another household or month.
    """
    if table.find_column("record_id") is None or not has_columns(folder, table.name, "record_id", str(table.day)):
        return
    cells = ", ".join(map(quote, list_subject(table)))
    repeated, corrections = folder.find_repeated_records(table.name), find_corrections(folder, table)
    reused = f'"#reused {table.name}"'
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {reused} AS
        SELECT record_id FROM {corrections} GROUP BY record_id HAVING min(hash({cells})) <> max(hash({cells}))""")
    counts = fetch_row(folder.connection, f"SELECT (SELECT count(*) FROM {reused}), (SELECT count(*) FROM {repeated})")
    if counts[0] < max(2, counts[1] / 2):
        return
    others = f"SELECT {POSITION} FROM {corrections} SEMI JOIN {reused} USING (record_id)"
    rows = f"""
        SELECT {POSITION}, record_id AS "#value" FROM {corrections} SEMI JOIN {reused} USING (record_id)
        QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY known DESC, {POSITION}) > 1"""
    yield Probe("record_id", rows=rows, others=others)


def list_subject(table: Table) -> list[str]:
    """List the columns that say what a row is about: a correction leaves them as they are.

    >>> from riskml.records.contract.schema import TABLES
    >>> list_subject(TABLES["income"])
    ['household_id', 'period_start', 'source']
    """
    names = ("household_id", "region_code", table.day, "source", "kind", "measure")
    return [name for name in names if name in table.names]


@check(income="household_id period_start source amount")
def sum_beside_parts(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report income for several months that other rows of its source cover too, and sums of a year stated for a month.

    A period that starts within another and ends after it is always reported. One that contains others is reported if
    these nearly add up to it, or if they cover half of its months and are no larger. For ``total``, which contains all
    income of its months, any row for part of these months is enough.

    An amount for a month is reported if it is, to a hundredth, the sum of the year that begins or ends with this month,
    or twelve times their mean, and none of the other months has twice the amount of another. Business may bring in a
    year's income at once, so it is left out, as is ``total``.
    """
    yield from _find_years_in_months(folder, table)
    [longest] = fetch_row(folder.connection, f"SELECT max(months) FROM {folder.get_view('income')}")
    if (longest or 1) == 1:
        return
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#sums" AS
        WITH counted AS (SELECT *, first + months AS until FROM ({select_counted_income(folder, table)})),
        long AS (FROM counted WHERE months > 1 AND amount <> 0),
        periods AS (
            SELECT household_id, source, first, until, sum(amount) AS amount
            FROM counted SEMI JOIN long USING (household_id, source) GROUP BY ALL),
        containing AS (
            SELECT {POSITION}, long.amount, sum(parts.amount) AS total,
                abs(total - long.amount) <= {NEARLY} * abs(long.amount) AS near,
                if(near, long.amount, total) AS twice
            FROM long JOIN periods parts USING (household_id, source)
            WHERE parts.until - parts.first < months AND parts.first >= long.first AND parts.until <= long.until
            GROUP BY {POSITION}, long.amount, source, months
            HAVING source = 'total' OR near
                OR (2 * sum(parts.until - parts.first) >= months AND long.amount >= (1 - {NEARLY}) * total)),
        overlapping AS (
            SELECT {POSITION}, long.amount, long.amount * (max(earlier.until) - long.first) / months AS twice
            FROM long JOIN periods earlier USING (household_id, source)
            WHERE earlier.first < long.first AND earlier.until > long.first AND earlier.until < long.until
            GROUP BY {POSITION}, long.amount, long.first, months)
        SELECT {POSITION}, any_value(amount) AS amount, max(twice) AS twice
        FROM (SELECT {POSITION}, amount, twice FROM containing UNION ALL FROM overlapping) GROUP BY ALL""")
    [extra] = fetch_row(folder.connection, 'SELECT sum(twice) FROM "#sums"')
    rows = f'SELECT {POSITION}, amount AS "#value" FROM "#sums"'
    view = folder.get_numbered_view("income")
    others = f"""
        SELECT {POSITION} FROM {view} SEMI JOIN (FROM {view} SEMI JOIN "#sums" USING ({POSITION})) sums
        ON sums.household_id = {view}.household_id AND sums.source = {view}.source AND {view}.amount IS NOT NULL
            AND {view}.statement IS NOT TRUE AND {view}.period_start >= sums.period_start
            AND {view}.period_start < sums.period_start + to_months(sums.months)"""
    yield Probe("months", rows=rows, others=others, values={"extra": extra or 0})


def _find_years_in_months(folder: Folder, table: Table) -> Iterator[Probe]:
    counted = select_counted_income(folder, table, "SEMI JOIN irregular USING (household_id, source)")
    years = folder.create_once(
        '"#years in months"',
        f"""
        WITH irregular AS (
            FROM {group_income(folder)}
            WHERE source IN {REGULAR} AND n > {SUMMED} AND 2 * largest * n > {SUMMED} * total),
        monthly AS (FROM ({counted}) WHERE months = 1 AND amount > 0),
        years AS (
            SELECT *, first - unnest([0, 11]) AS since FROM monthly JOIN irregular USING (household_id, source)
            WHERE 2 * amount * n > {SUMMED} * total)
        SELECT year."#file", year."#row", year.amount, since,
            list({{'#file': part."#file", '#row': part."#row"}}) AS parts,
            sum(part.amount) FILTER (part.first BETWEEN since AND since + 11) AS sum,
            count(DISTINCT part.first) FILTER (part.first BETWEEN since AND since + 11) AS length
        FROM years year JOIN monthly part
        ON part.household_id = year.household_id AND part.source = year.source AND part.amount <> year.amount
            AND abs(part.first - year.first) < 12
        GROUP BY ALL HAVING max(part.amount) < 2 * min(part.amount) AND length >= {SUMMED}
            AND least(abs(sum - year.amount), abs(12 / length * sum - year.amount)) <= {EXACTLY} * year.amount""",
    )
    rows = f'SELECT DISTINCT {POSITION}, amount AS "#value" FROM {years}'
    others = f"SELECT part.* FROM (SELECT unnest(parts) AS part FROM {years})"
    yield Probe("amount", rows=rows, others=others, message="are for one month and have the amount of a year")


@check(households="household_id size", members="household_id member_id")
def size_against_members(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report households whose latest size differs from the number of listed members who have not left.

    Rosters may list only some of the members, so households with fewer members than size are reported only if most
    rosters are complete. A difference of one person in a few households is left out, since registers lag behind.
    """
    plausible = next(column.plausible for column in table.columns if column.name == "size")
    folder.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE "#sizes" AS
        WITH homes AS (
            SELECT {POSITION}, household_id, size AS stated FROM {select_latest(folder, "households")}),
        present AS (
            SELECT household_id, count(*) AS listed FROM {_find_roster(folder)} WHERE left_on IS NULL
            GROUP BY household_id)
        SELECT {POSITION}, stated, listed, listed - stated AS gap FROM homes JOIN present USING (household_id)
        WHERE stated <= {plausible}""")
    [complete] = fetch_row(folder.connection, 'SELECT 2 * count(*) FILTER (gap = 0) >= count(*) FROM "#sizes"')
    odd = "gap <> 0" if complete else "gap > 0"
    [many] = fetch_row(folder.connection, f'SELECT 50 * count(*) FILTER ({odd}) >= count(*) FROM "#sizes"')
    where = odd if many else f"{odd} AND abs(gap) > 1"
    [most] = fetch_row(folder.connection, f'SELECT max(abs(gap)) FROM "#sizes" WHERE {where}')
    rows = f"""SELECT {POSITION}, concat(stated, ' ≠ ', listed) AS "#value" FROM "#sizes" WHERE {where}"""
    yield Probe("size", rows=rows, values={"most": most or 0})


@check(members="household_id member_id")
def member_of_two_households(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report members who are listed in several households and have left none, if few members' codes occur repeatedly.

    Codes that number the members of every household, such as 1, 2 and 3, say nothing; long codes name a person.
    """
    roster = _find_roster(folder)
    rows = f"""
        WITH homes AS (SELECT member_id, count(*) AS n FROM {roster} WHERE left_on IS NULL GROUP BY member_id)
        SELECT {POSITION}, member_id AS "#value" FROM {roster}
        SEMI JOIN (FROM homes WHERE n > 1) USING (member_id)
        WHERE left_on IS NULL AND (
            SELECT count(*) >= {MOSTLY} * sum(n) OR min(length(member_id)) >= {LONG} FROM homes)"""
    yield Probe("member_id", rows=rows)


def _find_roster(folder: Folder) -> str:
    """Find the latest version of each member; return the name of the table."""
    latest = select_latest(folder, "members")
    return folder.create_once('"#roster"', f"SELECT {POSITION}, household_id, member_id, left_on FROM {latest}")


@check(monitoring="household_id entered_on")
def entered_twice(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report entries into monitoring before the end of the one before, if there are at least three.

    A list of the monitored households that is delivered every month often has the month as ``entered_on``.
    """
    rows = f"""
        WITH again AS (
            SELECT {POSITION}, entered_on, entered_on < max(coalesce(cleared_on, DATE '9999-12-31')) OVER (
                PARTITION BY household_id ORDER BY entered_on
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS early
            FROM {select_latest(folder, "monitoring")})
        SELECT {POSITION}, entered_on AS "#value" FROM again WHERE early
        QUALIFY count(*) OVER () >= {FEWEST_COPIES}"""
    yield Probe("entered_on", rows=rows)


@check(households="household_id recorded_on region_code", lines="effective_from amount")
def region_without_line(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report versions in another region than the version before, if the line of the old region no longer applies.

    Regions are counties or, within a county, towns or villages. Either no line applies to the new code, or only that of
    a larger region, and most households of the old region have got the new code, or several have kept their villages'
    codes below that of another county: then the code was changed, and the households did not move.
    """
    homes = folder.get_numbered_view("households")
    digits = " ".join(f"WHEN left(code, {level:d}) <> left(before, {level:d}) THEN {level:d}" for level in LINED)
    moves = f"""
        WITH lined AS (
            SELECT code, max(length(prefix)) AS own
            FROM (SELECT DISTINCT region_code AS code FROM {homes}) codes
            LEFT JOIN (SELECT coalesce(region_code, '') AS prefix FROM {folder.get_view("lines")}) prefixes
            ON starts_with(code, prefix) GROUP BY code),
        versions AS (
            SELECT {POSITION}, household_id, region_code AS code,
                lag(region_code) OVER (PARTITION BY household_id ORDER BY {NULL_FIRST}) AS before FROM {homes}),
        moves AS (
            SELECT {POSITION}, CASE {digits} END AS digits, left(before, digits) AS old, left(code, digits) AS new,
                latest.own AS own, count(*) OVER (PARTITION BY old, new) AS movers,
                digits = {Level.COUNTY:d} AND substr(code, 7) = substr(before, 7) AS kept,
                count(*) FILTER (kept) OVER (PARTITION BY old, new) AS keepers
            FROM versions JOIN lined latest USING (code) JOIN lined earlier ON earlier.code = before
            WHERE digits IS NOT NULL AND earlier.own > coalesce(latest.own, -1)),
        settled AS (
            SELECT old, count(DISTINCT household_id) AS households
            FROM versions JOIN (SELECT DISTINCT old FROM moves) ON starts_with(code, old) GROUP BY old)
        SELECT {POSITION}, concat(old, ' → ', new) AS "#value" FROM moves JOIN settled USING (old)
        WHERE own IS NULL OR 2 * movers >= households OR keepers >= {FEWEST_COPIES}"""
    yield Probe("region_code", rows=moves)


@check(income="household_id recorded_on")
def smaller_delivery(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report the latest delivery of income if it has less than half of the households of the delivery before.

    Deliveries are told apart by ``recorded_on``; rows that are recorded one by one, on many days, are not deliveries.
    Rows that correct others are left out.
    """
    view, repeated = folder.get_view("income"), folder.find_repeated_records("income")
    rows, days = fetch_row(folder.connection, f"SELECT count(recorded_on), count(DISTINCT recorded_on) FROM {view}")
    [households] = fetch_row(folder.connection, f"SELECT count(DISTINCT household_id) FROM {group_income(folder)}")
    if days < 2 or 2 * rows < households * days:
        return
    deliveries = folder.connection.execute(f"""
        SELECT recorded_on, count(DISTINCT household_id) FROM {view} LEFT JOIN (
            SELECT record_id, min(recorded_on) AS first FROM {view} SEMI JOIN {repeated} USING (record_id)
            GROUP BY record_id) USING (record_id)
        WHERE recorded_on = coalesce(first, recorded_on) GROUP BY 1 ORDER BY 1 DESC LIMIT 2""").fetchall()
    if len(deliveries) < 2 or 2 * deliveries[0][1] >= deliveries[1][1]:
        return
    (last, now), (day, before) = deliveries
    where, values = f"recorded_on = DATE '{last}'", {"now": now, "day": day, "before": before}
    yield Probe("recorded_on", where, value="recorded_on", values=values)


@check()
def one_recording_day(folder: Folder, table: Table) -> Iterator[Probe]:
    """Report a table with a single day of recording, more than a year after the first income or the first of its days.

    Nothing would be known on any earlier date.
    """
    own = table.day and has_columns(folder, table.name, table.day)
    if not has_columns(folder, table.name, "recorded_on") or not (own or has_columns(folder, "income", "period_start")):
        return
    if table.name == "lines":
        return
    source, day = (table.name, table.day) if own else ("income", "period_start")
    first = f"(SELECT min({day}) FROM {folder.get_view(source)})"
    alone, recorded = fetch_row(
        folder.connection,
        f"SELECT count(*) > 1 AND count(*) = count(recorded_on) AND min(recorded_on) = max(recorded_on)"
        f" AND max(recorded_on) - {first} > 366, max(recorded_on) FROM {folder.get_view(table.name)}",
    )
    if alone:
        yield Probe("recorded_on", f"recorded_on = DATE '{recorded}'", value="recorded_on")
