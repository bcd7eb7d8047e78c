"""What somebody does with a document's pages while naming it; each answers what is shown next."""

import uuid
from collections.abc import Callable, Mapping

from starlette.responses import Response
from uuid6 import uuid7

from central.console.asked import id_in_path
from central.console.desk import Desk, answer
from central.console.shown import Shown
from central.console.visit import Visit
from central.console.work import KEYERS, id_of
from central.errors import InputInvalid
from central.store import naming, page_acts

_Act = Callable[[Visit, uuid.UUID], uuid.UUID | None]


def register(desk: Desk) -> None:
    """Add the acts."""
    acts = _Acts(desk)
    desk.page("/api/documents/{id}/act", acts.act, roles=KEYERS, method="POST")


class _Acts:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._engine = desk, desk.engine
        self._shown = Shown(desk)
        self._acts: Mapping[str, _Act] = {
            "turn": self._turn,
            "blank": self._blank,
            "split": self._split,
            "attach": lambda visit, wanted: self._join(visit, wanted, into_previous=True),
            "join": lambda visit, wanted: self._join(visit, wanted, into_previous=False),
            "duplicate": self._duplicate,
            "discard_blank": self._discard_blank,
            "urgent": self._urgent,
        }

    def act(self, visit: Visit) -> Response:
        """Do one act; ``work`` is the document as it is now, null when it is done with."""
        act = self._acts.get(visit.text("act", most=20))
        if act is None:
            raise InputInvalid("act")
        remains = act(visit, id_in_path(visit))
        shown = None if remains is None else self._shown.work(visit.who, remains, "name")
        return answer({"work": shown})

    def _turn(self, visit: Visit, wanted: uuid.UUID) -> uuid.UUID:
        number = visit.number("page", 0)
        quarters = visit.number("quarters", 1, least=1, most=3)
        page_acts.turn(self._engine, visit.who, wanted, number, quarters)
        return wanted

    def _blank(self, visit: Visit, wanted: uuid.UUID) -> uuid.UUID:
        number, is_blank = visit.number("page", 0), visit.content.get("blank") is not False
        page_acts.mark_blank(self._engine, visit.who, wanted, number, is_blank=is_blank)
        return wanted

    def _split(self, visit: Visit, wanted: uuid.UUID) -> uuid.UUID:
        lease_s = self._desk.config.console.lease_s
        number, new_id = visit.number("page", 0), uuid.UUID(str(uuid7()))
        page_acts.split(self._engine, visit.who, wanted, number, new_id, lease_s)
        return wanted

    def _join(self, visit: Visit, wanted: uuid.UUID, *, into_previous: bool) -> uuid.UUID | None:
        held = page_acts.join(self._engine, visit.who, wanted, into_previous=into_previous)
        return held if held == wanted else None

    def _duplicate(self, visit: Visit, wanted: uuid.UUID) -> None:
        original = id_of(visit.text("original", most=36), "original")
        naming.discard_duplicate(self._engine, visit.who, wanted, original)

    def _discard_blank(self, visit: Visit, wanted: uuid.UUID) -> None:
        naming.discard_blank(self._engine, visit.who, wanted)

    def _urgent(self, visit: Visit, wanted: uuid.UUID) -> uuid.UUID:
        naming.set_urgent(self._engine, visit.who, wanted)
        return wanted
