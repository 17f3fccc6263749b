-- Disasters that hit the household itself, and disasters that hit the region in which it lived on that day.

CREATE OR REPLACE TEMP TABLE f_disaster AS
WITH own AS (
    SELECT
        d.h,
        stated(count(*) FILTER (day > since(12)), sum(loss / unit) FILTER (day > since(12))) AS loss_12,
        stated(count(*) FILTER (day > since(24)), sum(loss / unit) FILTER (day > since(24))) AS loss_24,
        count(*) FILTER (day > since(12)) AS n_12,
        count(*) FILTER (day > since(24) AND kind IN ('pest', 'animal_disease', 'price_fall')) AS production,
        max(day) AS latest
    FROM own_disaster d LEFT JOIN unit u ON u.h = d.h AND u.m = least(month_no(d.day), complete_month())
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
    GROUP BY d.h
),
region AS (
    SELECT
        h,
        count(*) FILTER (day > since(12)) AS n_12,
        count(*) FILTER (day > since(24)) AS n_24,
        max(day) AS latest
    FROM exposure
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
    GROUP BY h
)
SELECT
    i.h,
    if(o.h IS NULL, 0, loss_12) AS disaster_loss_to_line_12m,
    if(o.h IS NULL, 0, loss_24) AS disaster_loss_to_line_24m,
    if(mean_12 IS NULL, NULL, if(o.h IS NULL, 0, loss_12) / greatest(mean_12, 0.1)) AS disaster_loss_to_income_12m,
    coalesce(o.n_12, 0) AS disasters_12m,
    coalesce(production, 0) AS production_shocks_24m,
    months_ago(o.latest) AS months_since_disaster,
    coalesce(r.n_12, 0) AS region_disasters_12m,
    coalesce(r.n_24, 0) AS region_disasters_24m,
    months_ago(r.latest) AS months_since_region_disaster
FROM f_income i LEFT JOIN own o USING (h) LEFT JOIN region r USING (h);
