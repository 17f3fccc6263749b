-- Medical care in the last 36 months. Amounts are multiples of the household's line in the month of the care, or in the
-- last complete month if the care was later.

CREATE OR REPLACE TEMP TABLE f_illness AS
WITH seen AS (
    SELECT c.*, self_paid / unit AS paid
    FROM care c LEFT JOIN unit u ON u.h = c.h AND u.m = least(month_no(c.day), complete_month())
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
),
summed AS (
    SELECT
        h,
        stated(count(*) FILTER (day > since(3)), sum(paid) FILTER (day > since(3))) AS paid_3,
        stated(count(*) FILTER (day > since(6)), sum(paid) FILTER (day > since(6))) AS paid_6,
        stated(count(*) FILTER (day > since(12)), sum(paid) FILTER (day > since(12))) AS paid_12,
        stated(count(*) FILTER (day > since(24)), sum(paid) FILTER (day > since(24))) AS paid_24,
        stated(count(*) FILTER (day > since(12)), max(paid) FILTER (day > since(12))) AS largest,
        stated(
            count(*) FILTER (day > since(12) AND kind IN ('outpatient', 'chronic')),
            sum(paid) FILTER (day > since(12) AND kind IN ('outpatient', 'chronic'))
        ) AS regular,
        coalesce(sum(visits) FILTER (day > since(3)), 0) AS visits_3,
        coalesce(sum(visits) FILTER (day > since(12)), 0) AS visits_12,
        coalesce(sum(visits) FILTER (kind = 'inpatient' AND day > since(3)), 0) AS admissions_3,
        coalesce(sum(visits) FILTER (kind = 'inpatient' AND day > since(12)), 0) AS admissions_12,
        coalesce(sum(visits) FILTER (kind = 'inpatient' AND day > since(24)), 0) AS admissions_24,
        coalesce(sum(visits) FILTER (kind = 'chronic' AND day > since(12)), 0) AS chronic_12,
        sum(self_paid) FILTER (day > since(12) AND cost IS NOT NULL) AS both_paid,
        sum(cost) FILTER (day > since(12) AND self_paid IS NOT NULL) AS both_cost,
        max(day) AS latest,
        max(day) FILTER (kind = 'inpatient') AS latest_admission
    FROM seen GROUP BY h
)
SELECT
    i.h,
    if(s.h IS NULL, 0, paid_3) AS self_paid_to_line_3m,
    if(s.h IS NULL, 0, paid_6) AS self_paid_to_line_6m,
    if(s.h IS NULL, 0, paid_12) AS self_paid_to_line_12m,
    if(s.h IS NULL, 0, paid_24) AS self_paid_to_line_24m,
    if(mean_12 IS NULL, NULL, if(s.h IS NULL, 0, paid_12) / greatest(mean_12, 0.1)) AS self_paid_to_income_12m,
    mean_12 - if(s.h IS NULL, 0, paid_12) AS income_after_self_paid_12m,
    if(s.h IS NULL, 0, largest) AS largest_bill_to_line_12m,
    if(s.h IS NULL, 0, regular) AS regular_self_paid_to_line_12m,
    coalesce(visits_3, 0) AS care_visits_3m,
    coalesce(visits_12, 0) AS care_visits_12m,
    coalesce(admissions_3, 0) AS admissions_3m,
    coalesce(admissions_12, 0) AS admissions_12m,
    coalesce(admissions_24, 0) AS admissions_24m,
    coalesce(chronic_12, 0) AS chronic_visits_12m,
    1 - both_paid / nullif(both_cost, 0) AS reimbursed_share_12m,
    months_ago(latest) AS months_since_care,
    months_ago(latest_admission) AS months_since_admission
FROM f_income i LEFT JOIN summed s USING (h);
