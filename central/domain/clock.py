"""The one rule of time: moments are stored in UTC, people read France's time.

Days, too, begin at midnight in France, whatever zone a machine or PostgreSQL is set to. Stations
have the same rule (edge/clock.py).
"""

import datetime as dt
from zoneinfo import ZoneInfo

ZONE = "Europe/Paris"
PARIS = ZoneInfo(ZONE)


def today(now: dt.datetime) -> dt.date:
    """The day that it is in France."""
    return now.astimezone(PARIS).date()


def beginning(of: dt.date) -> dt.datetime:
    """The moment at which a day begins in France, in UTC."""
    return dt.datetime.combine(of, dt.time(), PARIS).astimezone(dt.UTC)
