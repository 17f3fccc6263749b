-- Income features at as_of. Amounts are summed by household and month of the year, with one column for each of the
-- three years. A month and the same month a year earlier are therefore in one row; t months back means 12 * year + r.

CREATE OR REPLACE TEMP TABLE by_month AS
WITH seen AS (
    SELECT h, ((complete_month() - m) % 12)::TINYINT AS r, ((complete_month() - m) // 12)::TINYINT AS y, source, x
    FROM income_known
    WHERE m BETWEEN complete_month() - 35 AND complete_month()
)
SELECT
    h, r,
    sum(x) FILTER (y = 0) AS x0,
    sum(x) FILTER (y = 1) AS x1,
    sum(x) FILTER (y = 2) AS x2,
    bit_or(1 << y::INTEGER) AS reported,
    bool_or(source = 5) FILTER (y = 0) AS whole0,
    bool_or(source = 5) FILTER (y = 1) AS whole1,
    coalesce(sum(x) FILTER (y = 0 AND source = 1), 0) AS wage0,
    coalesce(sum(x) FILTER (y = 1 AND source = 1), 0) AS wage1,
    coalesce(sum(x) FILTER (y = 0 AND source = 2), 0) AS business0,
    coalesce(sum(x) FILTER (y = 1 AND source = 2), 0) AS business1,
    coalesce(sum(x) FILTER (y = 0 AND source = 3), 0) AS property0,
    coalesce(sum(x) FILTER (y = 0 AND source = 4), 0) AS transfer0,
    coalesce(sum(x) FILTER (y = 1 AND source = 4), 0) AS transfer1
FROM seen GROUP BY h, r;

CREATE OR REPLACE TEMP TABLE income_sums AS
WITH parts AS (
    SELECT
        *,
        x0 IS NOT NULL AND NOT whole0 AS parts0,
        x0 IS NOT NULL AND NOT whole0 AND x1 IS NOT NULL AND NOT whole1 AS parts01,
        x0 < 1 - 1e-4 AS low0, x1 < 1 - 1e-4 AS low1, x2 < 1 - 1e-4 AS low2,
        if(x0 IS NULL, 0, greatest(0, 1 - x0)) AS gap0,
        if(x1 IS NULL, 0, greatest(0, 1 - x1)) AS gap1,
        if(x2 IS NULL, 0, greatest(0, 1 - x2)) AS gap2,
        pow(0.5, r / 12) AS weight,
        11.5 - r AS time0,
        -0.5 - r AS time1
    FROM by_month
)
SELECT
    h,
    sum(x0) FILTER (r < 1) AS sum_1,
    sum(x0) FILTER (r < 3) AS sum_3,
    sum(x0) FILTER (r < 6) AS sum_6,
    sum(x0) AS year0, sum(x1) AS year1, sum(x2) AS year2,
    count(x0) FILTER (r < 1) AS n_1,
    count(x0) FILTER (r < 3) AS n_3,
    count(x0) FILTER (r < 6) AS n_6,
    count(x0) AS n0, count(x1) AS n1, count(x2) AS n2,
    coalesce(arg_min(x0, r), arg_min(x1, r), arg_min(x2, r)) AS latest,
    sum(weight * (
        coalesce(log_line(x0), 0) + 0.5 * coalesce(log_line(x1), 0) + 0.25 * coalesce(log_line(x2), 0)
    )) / sum(weight * (
        (x0 IS NOT NULL)::INTEGER + 0.5 * (x1 IS NOT NULL)::INTEGER + 0.25 * (x2 IS NOT NULL)::INTEGER
    )) AS weighted,
    regr_slope(x0, -r) FILTER (r < 6) AS slope_6,
    regr_slope(x0, -r) AS slope_12,
    sum(if(x0 IS NULL, 0, time0) + if(x1 IS NULL, 0, time1)) AS t_sum,
    sum(if(x0 IS NULL, 0, time0 * time0) + if(x1 IS NULL, 0, time1 * time1)) AS tt_sum,
    sum(coalesce(time0 * x0, 0) + coalesce(time1 * x1, 0)) AS tx_sum,
    avg(x0 - x1) FILTER (r < 3) AS change_3,
    avg(x0 - x1) FILTER (r < 6) AS change_6,
    avg(x0 - x1) AS change_12,
    stddev_samp(x0) FILTER (r < 6) AS deviation_6,
    stddev_samp(x0) AS deviation_12,
    var_pop(x0) AS var0, var_pop(x1) AS var1,
    min(x0) AS lowest,
    count(*) FILTER (low0 AND r < 6) AS low_6,
    count(*) FILTER (low0) AS low_0, count(*) FILTER (low1) AS low_1, count(*) FILTER (low2) AS low_2,
    sum(gap0) AS gap_0, sum(gap0 + gap1 + gap2) AS gap_all,
    bit_or((if(low0, 1, 0) + if(low1, 4096, 0) + if(low2, 16777216, 0))::BIGINT << r) AS low_months,
    bit_or((if(x0 IS NULL, 0, 1) + if(x1 IS NULL, 0, 4096) + if(x2 IS NULL, 0, 16777216))::BIGINT << r)
        AS known_months,
    bit_or(((reported & 1) + (reported & 2) * 2048 + (reported & 4) * 4194304)::BIGINT << r) AS reported_months,
    count(*) FILTER (parts0 AND r < 3) AS parts_3,
    count(*) FILTER (parts0) AS parts_12,
    sum(wage0) FILTER (parts0 AND r < 3) AS wage_3,
    sum(wage0) FILTER (parts0) AS wage_12,
    sum(business0) FILTER (parts0 AND r < 3) AS business_3,
    sum(business0) FILTER (parts0) AS business_12,
    sum(property0) FILTER (parts0) AS property_12,
    sum(transfer0) FILTER (parts0) AS transfer_12,
    avg(wage0 - wage1) FILTER (parts01 AND r < 3) AS wage_change_3,
    avg(wage0 - wage1) FILTER (parts01) AS wage_change_12,
    avg(business0 - business1) FILTER (parts01) AS business_change_12,
    avg(transfer0 - transfer1) FILTER (parts01) AS transfer_change_12
FROM parts GROUP BY h;

-- The lowest trailing-year mean in the year ahead, if income stays at a given level. While months without a report
-- leave the window, the mean moves towards that level, so it is lowest at one end of a run of such months, next to a
-- reported month.
CREATE OR REPLACE TEMP TABLE income_ahead AS
WITH kept AS (
    SELECT
        h,
        r,
        x0,
        sum(x0) OVER upto AS s,
        count(*) OVER upto AS n,
        max(r) OVER (PARTITION BY h) AS oldest
    FROM by_month WHERE x0 IS NOT NULL
    WINDOW upto AS (PARTITION BY h ORDER BY r ROWS UNBOUNDED PRECEDING)
),
levels AS (
    SELECT h, sum_1 / n_1 AS l_1, sum_3 / n_3 AS l_3, sum_6 / n_6 AS l_6 FROM income_sums
),
ends AS (
    SELECT h, s, n, 11 - r AS ahead FROM kept WHERE r < 11
    UNION ALL
    SELECT h, s - x0, n - 1, 12 - r FROM kept
    UNION ALL
    SELECT h, s, n, 1 FROM kept WHERE r = oldest AND r < 11
)
SELECT
    h,
    min((s + ahead * l_1) / (n + ahead)) AS least_1,
    min((s + ahead * l_3) / (n + ahead)) AS least_3,
    min((s + ahead * l_6) / (n + ahead)) AS least_6
FROM ends JOIN levels USING (h) GROUP BY h;

CREATE OR REPLACE TEMP TABLE f_income AS
WITH means AS (
    SELECT
        *,
        sum_1 / n_1 AS mean_1, sum_3 / n_3 AS mean_3, sum_6 / n_6 AS mean_6, year0 / n0 AS mean_12,
        coalesce(year0, 0) + coalesce(year1, 0) AS two_years, n0 + n1 AS n_24,
        coalesce(year0, 0) + coalesce(year1, 0) + coalesce(year2, 0) AS three_years, n0 + n1 + n2 AS n_36,
        year1 / n1 AS mean_before, year2 / n2 AS mean_two_before,
        wage_12 / parts_12 AS wage, business_12 / parts_12 AS business,
        property_12 / parts_12 AS property, transfer_12 / parts_12 AS transfer
    FROM income_sums
),
shares AS (
    SELECT *, nullif(abs(wage) + abs(business) + abs(property) + abs(transfer), 0) AS absolute FROM means
)
SELECT
    b.h,
    log_line(mean_1) AS log_income_to_line_1m,
    log_line(mean_3) AS log_income_to_line_3m,
    log_line(mean_6) AS log_income_to_line_6m,
    log_line(mean_12) AS log_income_to_line_12m,
    log_line(two_years / nullif(n_24, 0)) AS log_income_to_line_24m,
    log_line(three_years / nullif(n_36, 0)) AS log_income_to_line_36m,
    log_line(latest) AS log_latest_income_to_line,
    if(n_36 > 0, weighted, NULL) AS weighted_past_income,
    if(n_6 >= 3, slope_6, NULL) AS income_trend_6m,
    if(n0 >= 3, slope_12, NULL) AS income_trend_12m,
    if(n_24 >= 3, (tx_sum - t_sum * two_years / n_24) / (tt_sum - t_sum * t_sum / n_24), NULL) AS income_trend_24m,
    change_3 AS income_change_on_year_3m,
    change_6 AS income_change_on_year_6m,
    change_12 AS income_change_on_year_12m,
    mean_3 - mean_12 AS income_recent_change,
    log_line(least_1) AS projected_lowest_income_1m,
    log_line(least_3) AS projected_lowest_income_3m,
    log_line(least_6) AS projected_lowest_income_6m,
    mean_12 - greatest(mean_before, mean_two_before) AS income_below_best_year,
    if(n_6 >= 2, deviation_6, NULL) AS income_volatility_6m,
    if(n0 >= 2, deviation_12, NULL) AS income_volatility_12m,
    CASE
        WHEN n_24 < 2 THEN NULL
        WHEN n0 = 0 THEN sqrt(n1 * var1 / (n1 - 1))
        WHEN n1 = 0 THEN sqrt(n0 * var0 / (n0 - 1))
        -- squared deviations of each year from its own mean, and the distance between the two means
        ELSE sqrt((n0 * var0 + n1 * var1 + pow(mean_12 - mean_before, 2) * n0 * n1 / n_24) / (n_24 - 1))
    END AS income_volatility_24m,
    lowest AS income_lowest_month,
    low_6 / nullif(n_6, 0) AS months_below_line_6m,
    low_0 / nullif(n0, 0) AS months_below_line_12m,
    (low_0 + low_1) / nullif(n_24, 0) AS months_below_line_24m,
    (low_0 + low_1 + low_2) / nullif(n_36, 0) AS months_below_line_36m,
    gap_0 / nullif(n0, 0) AS income_shortfall_12m,
    gap_all / nullif(n_36, 0) AS income_shortfall_36m,
    ones_from_zero(low_months >> lowest_bit(known_months)) AS consecutive_months_below,
    if(n_36 > 0, coalesce(lowest_bit(low_months), 36), NULL) AS months_since_below,
    coalesce(bit_count(reported_months & 4095), 0) / 12 AS income_coverage_12m,
    coalesce(bit_count(reported_months), 0) / 36 AS income_coverage_36m,
    lowest_bit(reported_months) AS months_since_report,
    wage_3 / nullif(parts_3, 0) AS wage_to_line_3m,
    wage AS wage_to_line_12m,
    wage / absolute AS wage_share_12m,
    wage_change_3 AS wage_change_on_year_3m,
    wage_change_12 AS wage_change_on_year_12m,
    business_3 / nullif(parts_3, 0) AS business_to_line_3m,
    business AS business_to_line_12m,
    business / absolute AS business_share_12m,
    business_change_12 AS business_change_on_year_12m,
    property AS property_to_line_12m,
    property / absolute AS property_share_12m,
    transfer AS transfer_to_line_12m,
    transfer / absolute AS transfer_share_12m,
    transfer_change_12 AS transfer_change_on_year_12m,
    (wage * wage + business * business + property * property + transfer * transfer) / (absolute * absolute)
        AS income_concentration,
    mean_12
FROM household b LEFT JOIN shares s USING (h) LEFT JOIN income_ahead USING (h);
