"""Whether a pôle application may have what was handed over, although it did not say so.

What is known of that is the code of the try's outcome. A connection that was never made carried
nothing; a refusal is an answer to this very delivery. Silence, a failure inside the application
and a worker that was lost tell nothing: the document may have arrived.
"""

import re
from enum import Enum

_BEFORE_IT_WAS_SENT = frozenset(
    {"http_unreachable", "http_tls", "folder_unmounted", "folder_rights", "folder_unavailable"}
)
_TURNED_AWAY = frozenset({401, 403, 404, 405, 407, 425, 429})
"""Said before anything is looked at: of this try nothing arrived. 408 comes from gateways, too."""
_HANDED_OVER = ("http_", "folder_", "worker_lost")
"""How codes begin that tell of a try; all others are of the centre itself, before there is one."""


class Arrival(Enum):
    """What a try that was not confirmed tells of where the document is."""

    POSSIBLE = "possible"
    NOT_THIS_TIME = "not_this_time"  # an earlier try may have arrived all the same
    REFUSED = "refused"  # the application knows the key and does not have it


def arrival(code: str) -> Arrival:
    """Tell what an outcome's code says; whatever is not known to say no may have arrived."""
    if code in _BEFORE_IT_WAS_SENT or not code.startswith(_HANDED_OVER):
        return Arrival.NOT_THIS_TIME
    status = int(found[1]) if (found := re.fullmatch(r"http_(4\d\d)", code)) else 0
    if status in _TURNED_AWAY:
        return Arrival.NOT_THIS_TIME
    return Arrival.REFUSED if status and status != 408 else Arrival.POSSIBLE
