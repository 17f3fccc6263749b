-- Income by month and source as known at as_of; used only if some households have statements.
-- If several statements cover a month, the one recorded latest counts, then the one that begins latest. Between the
-- total and the separate sources, whichever was recorded latest counts; on a tie, the total does.

CREATE OR REPLACE TEMP TABLE statement_month AS
WITH covered AS (
    SELECT h, source, amount, known, begins, unnest(range(begins, begins + months))::INTEGER AS m
    FROM statement WHERE counts(known, until)
),
best AS (
    SELECT h, m, source, arg_max(amount, (known, begins)) AS amount, max(known) AS known FROM covered GROUP BY ALL
)
SELECT
    h, m, source, amount,
    coalesce(
        max(known) FILTER (source = 5) OVER everything >= max(known) FILTER (source < 5) OVER everything,
        max(source) OVER everything = 5
    ) AS by_total
FROM best WINDOW everything AS (PARTITION BY h, m);

-- The sources (1 to 4) that must be reported in a month outside all statements for the month to count as reported.
CREATE OR REPLACE TEMP TABLE needed AS
WITH latest AS (
    SELECT h, source, arg_max(amount, (known, begins)) AS amount, max(known) AS known
    FROM statement WHERE counts(known, until) GROUP BY ALL
)
SELECT
    h,
    if(
        coalesce(max(known) FILTER (source = 5) >= max(known) FILTER (source < 5), max(source) = 5),
        [1, 2, 3, 4],
        list(source) FILTER (source < 5 AND amount <> 0)
    ) AS sources
FROM latest GROUP BY h;

CREATE OR REPLACE TEMP TABLE income_known AS
WITH plain AS (
    SELECT h, m, source, sum(x) AS x FROM income_cell WHERE counts(known, until) GROUP BY ALL
),
outside AS (
    SELECT plain.* FROM plain ANTI JOIN statement_month USING (h, m)
),
whole AS (
    SELECT h, m FROM outside LEFT JOIN needed USING (h) GROUP BY ALL
    HAVING bool_or(source = 5) OR list_has_all(list(source::INTEGER), coalesce(any_value(sources), [])::INTEGER[])
),
stated AS (
    SELECT h, m, source, amount * 12 / unit AS x, by_total FROM statement_month JOIN unit USING (h, m)
),
covered AS (
    SELECT h, m, bool_or(by_total) AS by_total FROM statement_month GROUP BY ALL
),
beside AS (
    SELECT plain.*, bool_or(source = 5) OVER (PARTITION BY h, m) AS has_total
    FROM plain JOIN covered USING (h, m) WHERE NOT by_total
)
SELECT h, m, source, x FROM outside SEMI JOIN whole USING (h, m)
UNION ALL
SELECT h, m, source, x FROM stated WHERE by_total AND source = 5
UNION ALL
SELECT h, m, source, x FROM beside WHERE has_total AND source = 5
UNION ALL
SELECT h, m, source, x FROM stated
ANTI JOIN (SELECT h, m FROM beside WHERE has_total) USING (h, m) WHERE NOT by_total AND source < 5
UNION ALL
SELECT h, m, source, x FROM beside
ANTI JOIN (SELECT h, m, source FROM statement_month) USING (h, m, source) WHERE NOT has_total;
