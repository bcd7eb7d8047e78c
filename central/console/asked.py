"""What pages take from addresses and forms, made values; wrong ones are told by name."""

import datetime as dt
import uuid

from central.console.visit import Visit
from central.errors import InputInvalid, NotFound


def id_in_path(visit: Visit, name: str = "id") -> uuid.UUID:
    """The id in the page's address.

    Raises:
        NotFound: what stands there is none, so there is nothing of that name.
    """
    try:
        return uuid.UUID(str(visit.request.path_params[name]))
    except ValueError as error:
        raise NotFound("not an id") from error


def day(visit: Visit, name: str) -> dt.date | None:
    """A day as browsers send it (2026-11-24); None when it is not there.

    Raises:
        InputInvalid: it is none.
    """
    text = visit.text(name, most=10)
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputInvalid(name) from error


def place(visit: Visit, name: str) -> tuple[str, uuid.UUID] | None:
    """Where the next page of a list begins: ``key_id``, made by ``mark``; None: at its start.

    Raises:
        InputInvalid: it is none of ours.
    """
    text = visit.text(name, most=100)
    if not text:
        return None
    key, _, last = text.rpartition("_")
    try:
        return key, uuid.UUID(last)
    except ValueError as error:
        raise InputInvalid(name) from error


def mark(key: object, last: uuid.UUID) -> str:
    """Name the last row of a page, for the link to the next one."""
    text = key.isoformat() if isinstance(key, dt.date) else str(key)
    return f"{text}_{last}"
