"""What decides about a field beside its page."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides beside the page.

    No date lies after ``today``; ``wanted_error_rate`` is that of the accepted values.
    """

    today: dt.date
    wanted_error_rate: float
