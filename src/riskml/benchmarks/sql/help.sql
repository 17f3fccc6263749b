-- Help that started within the last 36 months; an end after as_of is not known yet.

CREATE OR REPLACE TEMP TABLE f_help AS
WITH paid AS (
    SELECT
        h,
        CASE WHEN per IN ('month', 'year') THEN
            date_diff('day', greatest(day, since(12) + 1), least(
                if(ended_on > getvariable('as_of'), NULL, ended_on), getvariable('as_of')) + 1)
        END AS days,
        CASE per WHEN 'month' THEN amount * days / 30.4375 WHEN 'year' THEN amount * days / 365.25 ELSE amount END AS yuan
    FROM measure
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
        AND if(per IN ('month', 'year'), days > 0, day > since(12))
),
received AS (SELECT h, count(*) AS payments, sum(yuan) AS yuan FROM paid GROUP BY h),
summed AS (
    SELECT
        h,
        count(*) FILTER (ended_on IS NULL OR ended_on > getvariable('as_of')) AS in_place,
        count(*) FILTER (day > since(12)) AS begun,
        count(*) FILTER (emergency AND day > since(12)) AS emergency,
        max(day) AS latest
    FROM measure
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
    GROUP BY h
)
SELECT
    b.h,
    coalesce(in_place, 0) AS help_in_place,
    coalesce(begun, 0) AS help_begun_12m,
    if(r.h IS NULL, 0, stated(payments, yuan)) / unit AS help_amount_to_line_12m,
    coalesce(emergency, 0) AS emergency_help_12m,
    months_ago(latest) AS months_since_help
FROM household b
LEFT JOIN summed s USING (h)
LEFT JOIN received r USING (h)
LEFT JOIN unit u ON u.h = b.h AND u.m = complete_month();
