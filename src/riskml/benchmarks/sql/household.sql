-- Households known at as_of, each in its latest known version; without those that as many members as they have persons,
-- and all that are listed, have left.

CREATE OR REPLACE TEMP TABLE household AS
SELECT v.*
FROM version v LEFT JOIN (
    SELECT h, count(*) AS listed, bool_and(coalesce(left_on <= getvariable('as_of'), false)) AS gone
    FROM member WHERE counts(known, until) GROUP BY h
) USING (h)
WHERE known <= getvariable('as_of') AND getvariable('as_of') < ends AND NOT coalesce(gone AND listed >= size, false);

CREATE OR REPLACE TEMP TABLE f_household AS
SELECT
    b.h,
    b.size AS household_size,
    b.size - u.size AS household_size_change_12m,
    CASE b.kind WHEN 'exited' THEN 1 WHEN 'ordinary' THEN 0 END AS exited_household,
    if(b.exited_on <= getvariable('as_of'), months_ago(b.exited_on), NULL) AS months_since_exit,
    if(len(region_code) >= 2, left(region_code, 2), NULL) AS region_2,
    if(len(region_code) >= 4, left(region_code, 4), NULL) AS region_4,
    if(len(region_code) >= 6, left(region_code, 6), NULL) AS region_6,
    if(len(region_code) >= 9, left(region_code, 9), NULL) AS region_9
FROM household b LEFT JOIN unit u ON u.h = b.h AND u.m = complete_month() - 12;
