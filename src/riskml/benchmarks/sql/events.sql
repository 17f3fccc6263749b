-- Events about schooling, work, ventures, accidents, housing, visits and leads.

CREATE OR REPLACE TEMP TABLE f_events AS
WITH summed AS (
    SELECT
        e.h,
        count(*) FILTER (kind = 'dropout' AND day > since(12)) AS dropouts_12m,
        count(*) FILTER (kind = 'job_loss' AND day > since(6)) AS job_losses_6m,
        count(*) FILTER (kind = 'job_loss' AND day > since(12)) AS job_losses_12m,
        count(*) FILTER (kind = 'venture_failure' AND day > since(12)) AS venture_failures_12m,
        count(*) FILTER (kind = 'venture_failure' AND day > since(24)) AS venture_failures_24m,
        count(*) FILTER (kind = 'death' AND day > since(12)) AS deaths_12m,
        count(*) FILTER (kind = 'accident' AND day > since(12)) AS accidents_12m,
        count(*) FILTER (kind = 'disability' AND day > since(24)) AS disabilities_24m,
        count(*) FILTER (kind = 'housing_unsafe' AND day > since(12)) AS unsafe_housing_12m,
        count(*) FILTER (kind = 'water_unsafe' AND day > since(12)) AS unsafe_water_12m,
        count(*) FILTER (kind = 'visit' AND day > since(12)) AS visits_received_12m,
        count(*) FILTER (kind = 'school_fee' AND day > since(12)) AS fees,
        sum(amount / unit) FILTER (kind = 'school_fee' AND day > since(12)) AS school_fees,
        sum(amount / unit) FILTER (kind = 'accident' AND day > since(12)) AS accident_amount,
        sum(amount / unit) FILTER (kind = 'venture_failure' AND day > since(12)) AS venture_loss,
        max(day) FILTER (kind = 'job_loss') AS job_loss,
        max(day) FILTER (kind = 'venture_failure') AS venture_failure,
        max(day) FILTER (kind = 'visit') AS visit,
        count(*) FILTER (kind = 'report' AND channel = 'hotline' AND day > since(12)) AS leads_by_hotline_12m,
        count(*) FILTER (kind = 'report' AND channel = 'self_report' AND day > since(12)) AS leads_by_self_report_12m,
        count(*) FILTER (kind = 'report' AND channel = 'department' AND day > since(12)) AS leads_by_department_12m,
        count(*) FILTER (kind = 'report' AND day > since(3)) AS leads_3m,
        count(*) FILTER (kind = 'report' AND day > since(12)) AS leads_12m
    FROM happening e LEFT JOIN unit u ON u.h = e.h AND u.m = least(month_no(e.day), complete_month())
    WHERE counts(known, until) AND day > since(36) AND day <= getvariable('as_of')
    GROUP BY e.h
)
SELECT
    b.h,
    coalesce(COLUMNS(s.* EXCLUDE (h, fees, school_fees, accident_amount, venture_loss, job_loss, venture_failure,
        visit)), 0),
    if(s.h IS NULL, 0, stated(fees, school_fees)) AS school_fees_to_line_12m,
    if(s.h IS NULL, 0, stated(accidents_12m, accident_amount)) AS accident_amount_to_line_12m,
    if(s.h IS NULL, 0, stated(venture_failures_12m, venture_loss)) AS venture_loss_to_line_12m,
    months_ago(job_loss) AS months_since_job_loss,
    months_ago(venture_failure) AS months_since_venture_failure,
    months_ago(visit) AS months_since_visit
FROM household b LEFT JOIN summed s USING (h);
