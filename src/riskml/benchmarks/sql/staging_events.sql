-- Rows for events on a single day, with the days on which each row counts: from the day it was recorded (by default the
-- day of the event) until the next row with its record_id, or the next version with its key, is known. Withdrawals are
-- dropped afterwards.

CREATE MACRO spans(source, happened) AS TABLE
SELECT *, CASE WHEN record_id IS NOT NULL
    THEN coalesce(lead(known) OVER (PARTITION BY record_id ORDER BY known), 'infinity'::DATE)
    ELSE 'infinity'::DATE END AS until
FROM (SELECT *, coalesce(recorded_on, happened) AS known FROM query_table(source));

CREATE TEMP TABLE care AS
SELECT h, occurred_on AS day, kind, coalesce(visits, 1) AS visits, cost, self_paid, known, until
FROM spans('src_illness', occurred_on) JOIN ids USING (household_id)
WHERE withdrawn IS NOT TRUE;

CREATE TEMP TABLE struck AS
SELECT household_id, region_code AS prefix, occurred_on AS day, kind, loss, known, until
FROM spans('src_disaster', occurred_on)
WHERE withdrawn IS NOT TRUE;

CREATE TEMP TABLE own_disaster AS
SELECT h, day, kind, loss, known, until FROM struck JOIN ids USING (household_id);

-- A disaster in a region exposes every household that lived there on that day.
CREATE TEMP TABLE exposure AS
WITH placed AS (
    SELECT r.region_code, day, known, until
    FROM (SELECT DISTINCT region_code FROM version) r
    JOIN struck ON household_id IS NULL AND starts_with(r.region_code, prefix)
)
SELECT v.h, day, p.known, p.until
FROM placed p JOIN version v USING (region_code)
WHERE day >= v.begins AND day < v.ends;

CREATE TEMP TABLE happening AS
SELECT h, occurred_on AS day, kind, amount, channel, known, until
FROM spans('src_events', occurred_on) JOIN ids USING (household_id)
WHERE withdrawn IS NOT TRUE;

CREATE TEMP TABLE measure AS
SELECT h, started_on AS day, ended_on, emergency, amount, per, known, until
FROM spans('src_help', started_on) JOIN ids USING (household_id)
WHERE withdrawn IS NOT TRUE;

-- Versions: a null date counts as earlier than every date; a version is dropped once a later version is known.
CREATE TEMP TABLE entry AS
SELECT h, entered_on AS day, cleared_on, known, coalesce(
    min(known) OVER (
        PARTITION BY h, entered_on ORDER BY recorded_on NULLS FIRST ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
    ), 'infinity'::DATE) AS until
FROM (SELECT h, s.*, coalesce(recorded_on, entered_on) AS known FROM src_monitoring s JOIN ids USING (household_id));

CREATE TEMP TABLE member AS
SELECT
    h, birth_year, labour, health, schooling, working, left_on,
    coalesce(recorded_on, '-infinity'::DATE) AS known,
    coalesce(
        lead(recorded_on) OVER (PARTITION BY h, member_id ORDER BY recorded_on NULLS FIRST), 'infinity'::DATE
    ) AS until
FROM src_members s JOIN ids USING (household_id);
