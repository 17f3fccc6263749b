"""The current day in the county, and the current time for the database."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from riskml_serving.base.settings import Settings

SHANGHAI = ZoneInfo("Asia/Shanghai")


def today(settings: Settings) -> dt.date:
    """Return today's date in Shanghai, or the date that the settings set to replay past data."""
    return settings.today or dt.datetime.now(SHANGHAI).date()


def now() -> dt.datetime:
    """Return the current time in UTC without a time zone, as the database stores it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def to_local(at: dt.datetime) -> dt.datetime:
    """Convert a time from the database to Shanghai time.

    >>> str(to_local(dt.datetime(2024, 12, 31, 20, 0)))[:16]
    '2025-01-01 04:00'
    """
    return at.replace(tzinfo=dt.UTC).astimezone(SHANGHAI)


def stamp(at: dt.datetime) -> str:
    """Format a time from the database for a response.

    >>> stamp(dt.datetime(2024, 12, 31, 8, 0))
    '2024-12-31T08:00:00.000Z'
    """
    return at.isoformat(timespec="milliseconds") + "Z"
