-- Dates and small formulas that every query of the oracle shares. Variables: as_of, first_month, last_month.

CREATE OR REPLACE MACRO month_no(day) AS year(day) * 12 + month(day) - 1;

-- The latest month that has ended by the end of as_of.
CREATE OR REPLACE MACRO complete_month() AS
    month_no(getvariable('as_of')) - if(getvariable('as_of') = last_day(getvariable('as_of')), 0, 1);

-- A window of w months covers every day after this one, up to as_of; if as_of is a month's end, so is this day.
CREATE OR REPLACE MACRO since(w) AS
    if(
        getvariable('as_of') = last_day(getvariable('as_of')),
        last_day((getvariable('as_of') - to_months(w))::DATE),
        (getvariable('as_of') - to_months(w))::DATE
    );

CREATE OR REPLACE MACRO months_ago(day) AS date_diff('day', day, getvariable('as_of')) / (365.25 / 12);

-- Logarithm of an amount in multiples of the line, but not below -4.
CREATE OR REPLACE MACRO log_line(x) AS if(x IS NULL, NULL, ln(greatest(x, exp(-4.0))));

-- Position of the lowest set bit, and the number of consecutive set bits from bit 0.
CREATE OR REPLACE MACRO lowest_bit(mask) AS if(mask = 0, NULL, bit_count(xor(mask, mask - 1)) - 1);
CREATE OR REPLACE MACRO ones_from_zero(mask) AS bit_count(xor(mask, mask + 1)) - 1;

-- Sum of the amounts in n rows: 0 if there are no rows, unknown if none of the rows states an amount.
CREATE OR REPLACE MACRO stated(n, total) AS if(n = 0, 0, total);

-- Whether a staged row counts at as_of.
CREATE OR REPLACE MACRO counts(known, until) AS known <= getvariable('as_of') AND getvariable('as_of') < until;
