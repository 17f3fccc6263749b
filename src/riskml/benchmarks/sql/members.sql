-- Members who belong to the household at as_of; if a member left after as_of, that is not known yet.

CREATE OR REPLACE TEMP TABLE f_members AS
WITH counted AS (
    SELECT
        h,
        count(*) AS n,
        count(labour) AS n_labour,
        count(*) FILTER (labour IN ('full', 'skilled')) + 0.5 * count(*) FILTER (labour = 'weak') AS labour,
        count(birth_year) AS n_age,
        avg(year(getvariable('as_of')) - birth_year) AS age,
        count(*) FILTER (year(getvariable('as_of')) - birth_year < 16) AS young,
        count(*) FILTER (year(getvariable('as_of')) - birth_year >= 60) AS old,
        count(health) AS n_health,
        count(*) FILTER (health = 'chronic') AS chronic,
        count(*) FILTER (health = 'serious') AS serious,
        count(*) FILTER (health = 'disabled') AS disabled,
        count(schooling) AS n_schooling,
        count(*) FILTER (schooling = 'compulsory') AS compulsory,
        count(*) FILTER (schooling IN ('senior', 'college')) AS higher,
        count(working) AS n_working,
        count(*) FILTER (working = 'migrant') AS migrant,
        count(*) FILTER (working = 'local') AS local
    FROM member
    WHERE counts(known, until) AND (left_on IS NULL OR left_on > getvariable('as_of'))
    GROUP BY h
),
-- If no members are listed, the count is 0; if members are listed but none has a code, the count is unknown.
filled AS (
    SELECT
        b.h, n, age, n IS NULL AS nobody,
        if(nobody, 0, if(n_labour > 0, labour, NULL)) AS force,
        if(nobody, 0, if(n_working > 0, migrant, NULL)) AS away,
        if(nobody, 0, if(n_working > 0, local, NULL)) AS here,
        c.* EXCLUDE (h, n, age)
    FROM household b LEFT JOIN counted c USING (h)
)
SELECT
    h,
    force AS labour_force,
    force / n AS labour_share,
    if(force IS NULL, NULL, if(force = 0 AND NOT nobody, 1, 0)) AS no_labour,
    if(nobody, 0, if(n_age > 0, young, NULL)) AS children,
    if(nobody, 0, if(n_age > 0, old, NULL)) AS elders,
    age AS mean_age,
    if(nobody, 0, if(n_health > 0, chronic, NULL)) AS members_chronic,
    if(nobody, 0, if(n_health > 0, serious, NULL)) AS members_seriously_ill,
    if(nobody, 0, if(n_health > 0, disabled, NULL)) AS members_disabled,
    if(nobody, 0, if(n_schooling > 0, compulsory, NULL)) AS pupils,
    if(nobody, 0, if(n_schooling > 0, higher, NULL)) AS students,
    away AS migrant_workers,
    here AS local_workers,
    (away + here) / n AS workers_share
FROM filled;
