"""Working days in China, where some weekend days are worked to make up for public holidays."""

from __future__ import annotations

import datetime as dt

from riskml_serving.casework.workdays import add_working_days


def test_working_days_follow_the_official_holiday_calendar():
    assert add_working_days(dt.date(2023, 9, 28), 1) == dt.date(2023, 10, 7), "Saturday 7 October is a working day"
    assert add_working_days(dt.date(2023, 6, 21), 2) == dt.date(2023, 6, 26), "Sunday 25 June is a working day"
