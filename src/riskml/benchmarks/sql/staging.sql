-- Households, their versions, and the household's line in yuan for each month; run once per folder.

CREATE TEMP TABLE ids AS
SELECT household_id, (row_number() OVER (ORDER BY household_id) - 1)::INTEGER AS h
FROM (SELECT DISTINCT household_id FROM src_households);

-- A version is known from recorded_on (if null, always) and in force on [begins, ends); the first version is in force
-- even before it was recorded. No day up to as_of needs a version recorded later, so the spans hold for every as_of.
CREATE TEMP TABLE version AS
SELECT
    h,
    rank,
    coalesce(recorded_on, '-infinity'::DATE) AS known,
    if(rank = 1, '-infinity'::DATE, recorded_on) AS begins,
    coalesce(lead(recorded_on) OVER (PARTITION BY h ORDER BY rank), 'infinity'::DATE) AS ends,
    * EXCLUDE (h, rank, household_id, recorded_on)
FROM (
    SELECT h, s.*, row_number() OVER (PARTITION BY h ORDER BY recorded_on NULLS FIRST) AS rank
    FROM src_households s JOIN ids USING (household_id)
);

CREATE TEMP TABLE month AS
SELECT
    m::INTEGER AS m,
    last_day(make_date((m // 12)::BIGINT, (m % 12 + 1)::BIGINT, 1)) AS month_end
FROM range(getvariable('first_month'), getvariable('last_month') + 1) t(m);

-- A line counts from the later of effective_from and recorded_on. Among the lines in force, the longest matching region
-- prefix wins, then the latest effective_from, then the latest recorded_on.
CREATE TEMP TABLE region_line AS
SELECT r.region_code, m, month_end, first(l.amount ORDER BY len(l.prefix) DESC, effective_from DESC, recorded_on DESC NULLS LAST) AS line
FROM (SELECT DISTINCT region_code FROM version) r
CROSS JOIN month
LEFT JOIN (SELECT *, coalesce(region_code, '') AS prefix FROM src_lines) l
    ON starts_with(r.region_code, l.prefix) AND greatest(effective_from, recorded_on) <= month_end
GROUP BY ALL;

-- The household's line in yuan per year, with the line and the size of the household as known at the month's end.
CREATE TEMP TABLE unit AS
SELECT h, m, v.size, v.size * line AS unit
FROM version v JOIN region_line USING (region_code)
WHERE month_end >= v.begins AND month_end < v.ends;
