"""What somebody does with a document's pages while naming it; each answers what is shown next."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from starlette.responses import Response
from uuid6 import uuid7

from central.console.asked import id_in_path
from central.console.desk import Desk, answer
from central.console.shown import Shown
from central.console.visit import Visit
from central.console.work import KEYERS, id_of
from central.errors import InputInvalid
from central.store import naming, page_acts, sent_work


@dataclass(frozen=True, slots=True)
class _Done:
    """What an act did.

    ``remains`` is the document to show; None: it is done with. ``others`` are documents that it
    changed or made besides. ``is_decision``: it can be undone.
    """

    remains: uuid.UUID | None
    others: tuple[uuid.UUID, ...] = ()
    is_decision: bool = True


_Act = Callable[[Visit, uuid.UUID], _Done]


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
        """Do one act.

        ``work`` is the document as it is now, null when it is done with; ``sent`` is what can be
        undone of it, and ``others`` what a page that holds them must load anew.
        """
        act = self._acts.get(visit.text("act", most=20))
        if act is None:
            raise InputInvalid("act")
        done = act(visit, id_in_path(visit))
        sent = sent_work.last(self._engine, visit.who, 1) if done.is_decision else []
        shown = None
        if done.remains is not None:
            shown = self._shown.work(visit.who, done.remains, "name")
        told = asdict(sent[0]) if sent else None
        return answer({"work": shown, "sent": told, "others": done.others})

    def _turn(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        number = visit.number("page", 0)
        quarters = visit.number("quarters", 1, least=1, most=3)
        page_acts.turn(self._engine, visit.who, wanted, number, quarters)
        return _Done(wanted, is_decision=False)

    def _blank(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        number, is_blank = visit.number("page", 0), visit.content.get("blank") is not False
        page_acts.mark_blank(self._engine, visit.who, wanted, number, is_blank=is_blank)
        return _Done(wanted)

    def _split(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        lease_s = self._desk.config.console.lease_s
        number, new_id = visit.number("page", 0), uuid.UUID(str(uuid7()))
        page_acts.split(self._engine, visit.who, wanted, number, new_id, lease_s)
        return _Done(wanted, (new_id,))

    def _join(self, visit: Visit, wanted: uuid.UUID, *, into_previous: bool) -> _Done:
        both = page_acts.join(self._engine, visit.who, wanted, into_previous=into_previous)
        others = tuple(one for one in both if one != wanted)
        return _Done(wanted if both[0] == wanted else None, others)

    def _duplicate(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        original = id_of(visit.text("original", most=36), "original")
        naming.discard_duplicate(self._engine, visit.who, wanted, original)
        return _Done(None)

    def _discard_blank(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        naming.discard_blank(self._engine, visit.who, wanted)
        return _Done(None)

    def _urgent(self, visit: Visit, wanted: uuid.UUID) -> _Done:
        naming.set_urgent(self._engine, visit.who, wanted)
        return _Done(wanted, is_decision=False)
