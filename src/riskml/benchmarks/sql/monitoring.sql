-- Entries into monitoring; if monitoring ended after as_of, that is not known yet.

CREATE OR REPLACE TEMP TABLE f_monitoring AS
WITH summed AS (
    SELECT h, count(*) AS entries, max(cleared_on) FILTER (cleared_on <= getvariable('as_of')) AS cleared
    FROM entry
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
    GROUP BY h
)
SELECT
    b.h,
    coalesce(entries, 0) AS monitoring_entries_36m,
    months_ago(cleared) AS months_since_cleared
FROM household b LEFT JOIN summed s USING (h);
