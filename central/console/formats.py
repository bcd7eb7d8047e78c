"""How values are written for people (French) and for JSON."""

import datetime as dt
import math
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from central.console.field_names import field_name
from vaguemestre.model.clock import PARIS

_PLURAL_FROM = 2
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TICKS = {"true": "cochée", "false": "non cochée"}
_NARROW_SPACE = "\u202f"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def plain(value: object) -> object:
    """What JSON cannot hold as it is: ids and times become text, sets lists.

    Raises:
        TypeError: as json.dumps wants it.
    """
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def local(value: dt.datetime) -> dt.datetime:
    """A moment in French time; at either end of the calendar, as it is."""
    try:
        return value.astimezone(PARIS)
    except (OverflowError, ValueError):
        return value


def day(value: dt.date | None) -> str:
    """``24/11/2026``; a dash for none."""
    if isinstance(value, dt.datetime):
        value = local(value)
    return f"{value:%d/%m/%Y}" if value else "–"


def moment(value: dt.datetime | None) -> str:
    """``24/11/2026 14:05``, French time; a dash for none."""
    return f"{local(value):%d/%m/%Y %H:%M}" if value else "–"


def brief(value: dt.datetime | None) -> str:
    """``24/11 14:05``, French time, where the year goes without saying; a dash for none."""
    return f"{local(value):%d/%m %H:%M}" if value else "–"


def second(value: dt.datetime | None) -> str:
    """``24/11/2026 14:05:09``, French time; a dash for none."""
    return f"{local(value):%d/%m/%Y %H:%M:%S}" if value else "–"


def clock(value: dt.datetime | None) -> str:
    """``14:05``, French time; a dash for none."""
    return f"{local(value):%H:%M}" if value else "–"


def month(value: dt.date) -> str:
    """``novembre 2026``."""
    return f"{_MONTHS[value.month - 1]} {value.year}"


def short_day(value: dt.date | None) -> str:
    """``ven. 27/11``; a dash for none."""
    if isinstance(value, dt.datetime):
        value = local(value)
    return f"{_DAYS[value.weekday()]} {value:%d/%m}" if value else "–"


def soon(value: dt.datetime | None) -> str:
    """``ven. 27/11 à 10 h``, French time; a dash for none."""
    return f"{short_day(value)} à {local(value).hour}\u00a0h" if value else "–"


def count(value: float | None) -> str:
    """``12 345`` with a narrow space; a dash for none."""
    return "–" if value is None else f"{value:,.0f}".replace(",", _NARROW_SPACE)


def counted(value: float, words: str) -> str:
    """``1 livraison relancée``, ``4 livraisons relancées``: each word takes its plural."""
    if value >= _PLURAL_FROM:
        words = " ".join(one if one[-1] in "sxz" else f"{one}s" for one in words.split())
    return f"{count(value)}\u00a0{words}"


def field_value(value: str) -> str:
    """A field's value as it stands on paper: ``2026-03-20`` is ``20/03/2026``, a tick a word."""
    if found := _ISO_DAY.fullmatch(value):
        return "/".join(reversed(found.groups()))
    return _TICKS.get(value, value)


def share(part: float, whole: float) -> str:
    """``97,3 %``; a dash of nothing."""
    if not whole:
        return "–"
    return f"{100 * part / whole:.1f}".replace(".", ",") + "\u00a0%"


def percent(value: float) -> str:
    """``0,12 %`` of a share; two digits, for rates that are small."""
    return f"{100 * value:.2f}".replace(".", ",") + "\u00a0%"


def tick(value: float) -> str:
    """``0,5 %`` of a share, with no more digits than it needs."""
    return f"{100 * value:g}".replace(".", ",") + "\u00a0%"


def decimal(value: float) -> str:
    """``0,0125``."""
    return f"{value:.4f}".rstrip("0").rstrip(".").replace(".", ",")


def age(value: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """``3 min``, ``5 h``, ``2 j`` since a moment; a dash for none."""
    if value is None:
        return "–"
    return duration(((now or dt.datetime.now(dt.UTC)) - value).total_seconds())


def duration(seconds: float) -> str:
    """``40 s``, ``3 min``, ``5 h``, ``2 j``."""
    seconds = max(0.0, seconds)
    for unit, size, below in (("s", 1, 60), ("min", 60, 3_600), ("h", 3_600, 172_800)):
        if seconds < below:
            return f"{seconds / size:.0f}\u00a0{unit}"
    return f"{seconds / 86_400:.0f}\u00a0j"


def size(value: float | None) -> str:
    """``1,4 Go``; a dash for none."""
    if value is None:
        return "–"
    power = min(4, int(math.log10(max(1.0, value)) / 3))
    text = f"{value / 1_000**power:.{1 if power else 0}f}".replace(".", ",")
    return f"{text}\u00a0{('o', 'ko', 'Mo', 'Go', 'To')[power]}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day,
    "moment": moment,
    "brief": brief,
    "second": second,
    "clock": clock,
    "month": month,
    "short_day": short_day,
    "soon": soon,
    "share": share,
    "count": count,
    "percent": percent,
    "counted": counted,
    "field_value": field_value,
    "decimal": decimal,
    "tick": tick,
    "field_name": field_name,
    "age": age,
    "duration": duration,
    "size": size,
}
