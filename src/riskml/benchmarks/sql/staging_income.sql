-- Income by household, month and source in multiples of that month's line, with the days on which each row counts.
-- Only the few rows whose record_id is repeated need a window function: each is replaced by the row recorded next.

CREATE TEMP TABLE repeated AS
SELECT record_id FROM src_income WHERE record_id IS NOT NULL GROUP BY record_id HAVING count(*) > 1;

CREATE TEMP TABLE income_row AS
WITH typed AS (
    SELECT
        household_id,
        month_no(period_start)::INTEGER AS m,
        coalesce(months, 1) AS months,
        source,
        amount,
        coalesce(statement, false) AS stated,
        member_id IS NOT NULL AS person,
        coalesce(
            recorded_on,
            last_day((period_start + to_months(coalesce(months, 1) - 1 + if(coalesce(statement, false), 5, 0)))::DATE)
        ) AS known,
        record_id
    FROM src_income
),
dated AS (
    SELECT * EXCLUDE (record_id), 'infinity'::DATE AS until
    FROM typed ANTI JOIN repeated USING (record_id)
    UNION ALL
    SELECT
        * EXCLUDE (record_id),
        coalesce(lead(known) OVER (PARTITION BY record_id ORDER BY known), 'infinity'::DATE)
    FROM typed SEMI JOIN repeated USING (record_id)
)
SELECT * FROM dated WHERE amount IS NOT NULL AND NOT person;

CREATE TEMP TABLE income_cell AS
WITH spread AS (
    SELECT household_id, m, source, amount, known, until FROM income_row WHERE months = 1 AND NOT stated
    UNION ALL
    SELECT household_id, unnest(range(m, m + months))::INTEGER AS m, source, amount / months, known, until
    FROM income_row WHERE months > 1 AND NOT stated
)
SELECT
    h,
    m,
    list_position(['wage', 'business', 'property', 'transfer', 'total'], source)::TINYINT AS source,
    amount * 12 / unit AS x,
    known,
    until
FROM spread JOIN ids USING (household_id) JOIN unit USING (h, m);

-- Statements: all the income that a household had from a source in a period; each counts from the day it is known.
CREATE TEMP TABLE statement AS
SELECT
    h,
    m AS begins,
    months,
    list_position(['wage', 'business', 'property', 'transfer', 'total'], source)::TINYINT AS source,
    amount / months AS amount,
    known,
    until
FROM income_row JOIN ids USING (household_id) WHERE stated;

DROP TABLE income_row;
