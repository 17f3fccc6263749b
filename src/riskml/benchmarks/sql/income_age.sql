-- The window of twelve months that counts as a household's income at as_of, and the income counted back from its end.
-- An earlier window counts if the last one has too few reported months, or if a statement is known and its last month
-- is not reported. Three features count the months back from the last complete one, as computed before.

CREATE OR REPLACE TEMP TABLE f_income_to_date AS
SELECT h, weighted_past_income, months_since_below, months_since_report FROM f_income;

CREATE OR REPLACE TEMP TABLE income_end AS
WITH reported AS (
    SELECT DISTINCT h, m FROM income_known
),
windows AS (
    SELECT h, w.ends::INTEGER AS ends, count(*) >= 6 AS enough, bool_or(m = w.ends) AS complete
    FROM reported
    JOIN range(complete_month() - getvariable('income_age'), complete_month() + 1) w(ends)
        ON m BETWEEN w.ends - 11 AND w.ends
    GROUP BY ALL
)
SELECT h, coalesce(
    max(ends) FILTER (ends = complete_month() AND enough AND (complete OR s.h IS NULL)),
    max(ends) FILTER (ends < complete_month() AND enough AND complete)
) AS ends
FROM windows LEFT JOIN (SELECT DISTINCT h FROM statement WHERE counts(known, until)) s USING (h)
GROUP BY h;

CREATE OR REPLACE TEMP TABLE income_moved AS
SELECT h, m + complete_month() - coalesce(ends, complete_month()) AS m, source, x
FROM income_known LEFT JOIN income_end USING (h);
