-- The lowest yearly income per head after spending in the year ahead. Amounts are multiples of today's line, which is
-- the line at the end of the household's income; months are counted back from there, but care and fees from as_of.

CREATE OR REPLACE TEMP TABLE f_outlook AS
WITH lines AS (
    SELECT b.h, coalesce(e.ends, complete_month()) - u.m AS ago, u.size, u.unit / u.size AS line
    FROM household b LEFT JOIN income_end e USING (h) JOIN unit u ON u.h = b.h
),
today AS (
    SELECT t.h, t.size, t.line, y.line AS year_ago, coalesce(t.line / y.line, 1) AS growth
    FROM lines t LEFT JOIN lines y ON y.h = t.h AND y.ago = 12
    WHERE t.ago = 0
),
earned AS (
    SELECT m.h, l.ago, x * l.line / t.line AS x, x * l.line / t.line * pow(growth, l.ago / 12) AS grown
    FROM (
        SELECT h, r AS ago, x0 AS x FROM by_month
        UNION ALL SELECT h, r + 12, x1 FROM by_month
        UNION ALL SELECT h, r + 24, x2 FROM by_month
    ) m
    JOIN lines l ON l.h = m.h AND l.ago = m.ago
    JOIN today t ON t.h = m.h
    WHERE x * l.line / t.line IS NOT NULL
),
levels AS (
    SELECT
        h,
        greatest(arg_min(grown, ago), 0.02) AS latest,
        greatest(coalesce(avg(grown) FILTER (ago > 5), arg_min(grown, ago)), 0.02) AS usual
    FROM earned GROUP BY h
),
bills AS (
    SELECT
        h,
        greatest(complete_month() - month_no(day), 0) AS ago,
        sum(self_paid) AS bills,
        sum(self_paid) FILTER (kind IN ('outpatient', 'chronic') AND day > since(3)) AS regular
    FROM care
    WHERE counts(known, until) AND day > since(12) AND day <= getvariable('as_of')
    GROUP BY ALL
),
fees AS (
    SELECT h, sum(amount) AS fees
    FROM happening
    WHERE kind = 'school_fee' AND counts(known, until) AND day > since(12) AND day <= getvariable('as_of')
    GROUP BY h
),
-- At the end of the k-th month ahead, the k projected months have replaced the oldest of the last year: what is left of
-- it are the months before the one that is 12 - k back.
years AS (
    SELECT
        t.h,
        (coalesce(sum(x) OVER left_over, 0) + sum(usual * pow(latest / usual, pow(0.96, k)) * pow(growth, k / 12))
            OVER (PARTITION BY t.h ORDER BY k)) / (count(x) OVER left_over + k) AS income,
        coalesce(sum(bills) OVER left_over, 0) + coalesce(fees, 0)
            + k / 3 * coalesce(sum(regular) OVER (PARTITION BY t.h), 0) AS spending,
        coalesce(l.line / year_ago, 1) AS step,
        t.size,
        t.line
    FROM today t
    JOIN levels USING (h)
    CROSS JOIN generate_series(1, 12) s(k)
    LEFT JOIN earned e ON e.h = t.h AND e.ago = 12 - k
    LEFT JOIN bills b ON b.h = t.h AND b.ago = 12 - k
    LEFT JOIN fees f ON f.h = t.h
    LEFT JOIN lines l ON l.h = t.h AND l.ago = 12 - k
    WINDOW left_over AS (
        PARTITION BY t.h ORDER BY 12 - k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
lowest AS (
    SELECT h, any_value(size) AS size, min((income - spending / (size * line)) / step) AS x FROM years GROUP BY h
)
SELECT b.h, x AS lowest_income_after_spending, log_line((x - 1) * l.size) AS bearable_spending
FROM household b LEFT JOIN lowest l USING (h);
