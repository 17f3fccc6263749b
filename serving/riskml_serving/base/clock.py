"""What day it is in the county, and what time it is for the log."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from riskml_serving.base.settings import Settings

__all__ = ["now", "stamp", "today"]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today(settings: Settings) -> dt.date:
    """Day in Shanghai, or the day that the settings replay."""
    return settings.today or dt.datetime.now(SHANGHAI).date()


def now() -> dt.datetime:
    """Time in UTC without a zone, as the database keeps it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def stamp(at: dt.datetime) -> str:
    """Write a time of the database for an answer.

    >>> stamp(dt.datetime(2024, 12, 31, 8, 0))
    '2024-12-31T08:00:00.000Z'
    """
    return at.isoformat(timespec="milliseconds") + "Z"
