"""The one rule of time: moments are stored in UTC, people read France's time.

Days, too, begin at midnight in France, whatever zone a machine or PostgreSQL is set to. Stations
have the same rule (proto/vaguemestre/model/clock.py).

The one rule of time: moments are stored in UTC, people read France's time.

So is the day on which mail was received, from which the fund counts its delays: whatever zone a
machine is set to, a lot of half past midnight in July belongs to the day that began. The centre
has the same rule (proto/vaguemestre/model/clock.py).
"""

import datetime as dt
from zoneinfo import ZoneInfo

ZONE = "Europe/Paris"
PARIS = ZoneInfo(ZONE)


def beginning(of: dt.date) -> dt.datetime:
    """The moment at which a day begins in France, in UTC."""
    return dt.datetime.combine(of, dt.time(), PARIS).astimezone(dt.UTC)


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment with the time that it is in France."""
    return moment.astimezone(PARIS)


def day(moment: dt.datetime) -> dt.date:
    """The day that it is in France at a moment."""
    return local(moment).date()
