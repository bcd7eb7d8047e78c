"""The two queues as the pages ask for them: take, keep, leave, remember, act, send.

Every answer is JSON. A person's page holds the document that is shown and the one after it, so
that the next is there at once.

What somebody does with a document's pages while naming it; each answers what is shown next.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import Response
from uuid6 import uuid7

from central.accounts.rules import KEYERS, Person
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyedValue, KeyReason
from central.documents.text import is_written
from central.errors import (
    AlreadyDelivered,
    DeliveryInDoubt,
    DeliveryUnderWay,
    InputInvalid,
    LeaseLost,
    NotFound,
)
from central.keying import store as store_keying
from central.keying.rules import find_field_spec
from central.keying.store import SubmittedField
from central.naming import page_store
from central.naming import store as store_naming
from central.passing_on import store as passing_on_store
from central.passing_on.store import Way
from central.quality import store as quality_store
from central.queues.presentation import DocumentPresenter
from central.rescans.store import Sheet
from central.sent_work import store as sent_work_store
from central.web.console import Console, id_in_path, json_response
from central.web.requests import PageRequest
from vaguemestre.model import clock, typed
from vaguemestre.model.calendar import add_working_days, public_holidays
from vaguemestre.model.catalogue import FieldSpec, TypeEntry

_MOST_HELD = 24
_MOST_DRAFT_BYTES = 65_536
_MOST_FIELDS = 500
_LONGEST_S = 86_400.0


def register_queues(desk: Console) -> None:
    """Add the pages and what they ask."""
    queues = _Queues(desk)
    desk.page("/nommer", queues.naming, roles=KEYERS)
    desk.page("/videocoder", queues.keying, roles=KEYERS)
    desk.page("/controle", queues.controlling, roles=KEYERS)
    desk.page("/api/types", queues.types, roles=KEYERS)
    desk.page("/api/work/sent", queues.last_sent, roles=KEYERS)
    for path, handler in (
        ("/api/work/take", queues.take),
        ("/api/work/keep", queues.keep),
        ("/api/work/leave", queues.leave),
        ("/api/work/take-back", queues.take_back),
        ("/api/documents/{id}/draft", queues.draft),
        ("/api/documents/{id}/name", queues.name),
        ("/api/documents/{id}/key", queues.key),
        ("/api/documents/{id}/control", queues.control),
        ("/api/documents/{id}/check", queues.check),
        ("/api/documents/{id}/to-naming", queues.to_naming),
        ("/api/documents/{id}/rescan", queues.rescan),
        ("/api/documents/{id}/pass-on", queues.pass_on),
        ("/api/documents/{id}/receivers", queues.receivers),
    ):
        desk.page(path, handler, roles=KEYERS, method="POST", max_bytes=_MOST_DRAFT_BYTES)


class _Queues:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._shown = DocumentPresenter(desk)

    def naming(self, visit: PageRequest) -> Response:
        return self._index(visit, "naming.html")

    def keying(self, visit: PageRequest) -> Response:
        return self._index(visit, "keying.html")

    def controlling(self, visit: PageRequest) -> Response:
        return self._index(visit, "control.html")

    def _index(self, visit: PageRequest, template: str) -> Response:
        return self._desk.show(visit, template, keep_every_s=self._desk.keep_every_s)

    def types(self, _: PageRequest) -> Response:
        entries = self._desk.catalogue().types.values()
        return json_response(
            {"types": [{"code": e.code, "title": e.title, "pole": e.pole} for e in entries]}
        )

    def take(self, visit: PageRequest) -> Response:
        """The next document of a queue, or one that the address names."""
        queue, held = queue_of(visit), ids_of(visit, "besides")
        lease_s = self._desk.config.console.lease_s
        if wanted := visit.text("id", most=36):
            found: uuid.UUID | None = id_of(wanted)
            if not self._take_this(visit.who, id_of(wanted), queue):
                raise LeaseLost(wanted)
        elif queue == quality_store.QUEUE:
            found = quality_store.take_next_control(
                self._desk.engine, visit.who, lease_s, besides=held
            )
        else:
            found = lease_store.take_next(
                self._desk.engine,
                visit.who,
                queue,
                lease_s,
                besides=held,
                is_ahead=visit.content.get("ahead") is True,
            )
        if found is None:
            return json_response({"work": None})
        return json_response({"work": self._shown.work(visit.who, found, queue)})

    def _take_this(self, person: Person, wanted: uuid.UUID, queue: str) -> bool:
        engine, lease_s = self._desk.engine, self._desk.config.console.lease_s
        if queue == quality_store.QUEUE:
            return quality_store.take_control(engine, person, wanted, lease_s)
        return lease_store.take_document(engine, person, wanted, queue, lease_s)

    def keep(self, visit: PageRequest) -> Response:
        """A page is still open; it hears which documents are still its own."""
        shown = visit.text("shown", most=36)
        kept = lease_store.renew(
            self._desk.engine,
            visit.who.id,
            ids_of(visit, "ids"),
            self._desk.config.console.lease_s,
            shown=id_of(shown) if shown else None,
        )
        return json_response({"kept": kept})

    def leave(self, visit: PageRequest) -> Response:
        lease_store.release(self._desk.engine, visit.who.id, ids_of(visit, "ids"))
        return json_response({})

    def draft(self, visit: PageRequest) -> Response:
        content = visit.content.get("content")
        if not isinstance(content, dict):
            raise InputInvalid("content")
        documents_store.save_draft(
            self._desk.engine, visit.who.id, id_in_path(visit), queue_of(visit), content
        )
        return json_response({})

    def name(self, visit: PageRequest) -> Response:
        """Say what a document is."""
        engine, wanted = self._desk.engine, id_in_path(visit)
        code = visit.text("type", most=100, needed=True)
        if code not in self._desk.catalogue().types:
            raise InputInvalid("type")
        document = documents_store.load_header(engine, visit.who, wanted, "name")
        entry = self._desk.catalogue.shipped.of(code, document["fund"])
        state = store_naming.name_document(
            engine,
            visit.who,
            wanted,
            entry,
            due_on=due_on(document["received_on"], entry.delay_days),
            seconds=seconds_of(visit.content),
            wait_s=self._desk.config.console.take_back_s,
        )
        return json_response({"state": state.value})

    def key(self, visit: PageRequest) -> Response:
        """Send every field that was to key."""
        engine, wanted = self._desk.engine, id_in_path(visit)
        sent = self._sent(visit, wanted, "key")
        state = store_keying.submit_keying(
            engine,
            visit.who,
            wanted,
            self._desk.catalogue().of,
            sent,
            self._desk.config.console.take_back_s,
        )
        return json_response({"state": state.value})

    def control(self, visit: PageRequest) -> Response:
        """Send what was keyed blind for a control, or what an arbiter decided."""
        wanted = id_in_path(visit)
        sent = self._sent(visit, wanted, quality_store.QUEUE)
        state, sent_again = quality_store.submit_control(
            self._desk.engine, visit.who, wanted, self._desk.catalogue().of, sent
        )
        return json_response({"state": state, "round": sent_again})

    def _sent(self, visit: PageRequest, wanted: uuid.UUID, queue: str) -> dict[int, SubmittedField]:
        loaded = documents_store.load_document(self._desk.engine, visit.who, wanted, queue)
        entry = self._desk.catalogue().of(loaded.document["type"], loaded.document["fund"])
        names = {field.position: field.name for field in loaded.fields}
        return fields_sent(visit.content.get("fields"), entry, names, most=_MOST_FIELDS)

    def check(self, visit: PageRequest) -> Response:
        """What the centre says of one value, before it is sent."""
        wanted = id_in_path(visit)
        lease_store.demand_held(self._desk.engine, visit.who.id, wanted)
        document = documents_store.load_header(self._desk.engine, visit.who, wanted, "key")
        entry = self._desk.catalogue().of(document["type"], document["fund"])
        spec = find_field_spec(entry, visit.text("name", most=100))
        found = typed.check_typed(spec, visit.text("value", most=typed.LONGEST), today())
        return json_response({"value": found.value, "check": found.check, "problem": found.problem})

    def rescan(self, visit: PageRequest) -> Response:
        """Ask the station to scan a document again."""
        reason, queue = visit.text("reason", most=200, needed=True), queue_of(visit)
        wanted = id_in_path(visit)
        sheet = self._sheet(visit, wanted, queue)
        store_naming.ask_rescan(self._desk.engine, visit.who, wanted, queue, reason, sheet)
        return json_response({})

    def _sheet(self, visit: PageRequest, wanted: uuid.UUID, queue: str) -> Sheet:
        """Which sheet is meant: the page that the person was looking at, else the first."""
        loaded = documents_store.load_document(self._desk.engine, visit.who, wanted, queue)
        entry = self._desk.catalogue().of(loaded.document["type"], loaded.document["fund"])
        pages = [page.number for page in loaded.pages if page.role != "replaced"]
        number = visit.number("page", pages[0] if pages else 0)
        if number not in pages:
            return Sheet(entry.title, 0, len(pages))
        try:
            picture = self._desk.thumbnail(visit.who, wanted, number)
        except NotFound:  # what cannot be shown can be scanned again all the more
            picture = b""
        return Sheet(entry.title, pages.index(number) + 1, len(pages), picture)

    def take_back(self, visit: PageRequest) -> Response:
        """Undo what somebody has just decided; of what a pôle has, with a reason."""
        reason, wanted = visit.text("reason", most=200), ids_of(visit, "ids")
        lease_s = self._desk.config.console.lease_s
        back, delivered, refused = [], [], []
        for one in wanted:
            try:
                found = sent_work_store.take_back(
                    self._desk.engine, visit.who, one, lease_s, reason
                )
            except (AlreadyDelivered, DeliveryInDoubt, DeliveryUnderWay, LeaseLost) as error:
                why = error.hint or error.reason
                refused.append({"id": one, "reason": why, "is_over": error.permanent})
                continue
            if found.queue:
                told = {"id": found.document_id, "queue": found.queue, "others": found.others}
                back.append(told)
            else:
                delivered.append(one)
        return json_response({"back": back, "delivered": delivered, "refused": refused})

    def receivers(self, visit: PageRequest) -> Response:
        """Who a document may be sent to."""
        row = documents_store.load_header(
            self._desk.engine, visit.who, id_in_path(visit), queue_of(visit)
        )
        found = passing_on_store.receivers(self._desk.engine, visit.who, row["site"], row["pole"])
        return json_response({"colleagues": [{"id": one.id, "name": one.name} for one in found]})

    def pass_on(self, visit: PageRequest) -> Response:
        """Let a document go to others, with a remark."""
        way = Way(
            visit.text("way", most=20),
            " ".join(visit.text("remark", most=500).split()),
            visit.number("person", 0) or None,
            visit.text("skill", most=100) or None,
        )
        if way.to_skill and way.to_skill not in self._desk.catalogue().types:
            raise InputInvalid("skill")
        store_naming.pass_on(self._desk.engine, visit.who, id_in_path(visit), queue_of(visit), way)
        return json_response({})

    def last_sent(self, visit: PageRequest) -> Response:
        """What somebody decided last, so that a page that is loaded anew shows it."""
        found = sent_work_store.last(self._desk.engine, visit.who)
        return json_response({"sent": [asdict(one) for one in found]})

    def to_naming(self, visit: PageRequest) -> Response:
        store_keying.send_back_to_naming(self._desk.engine, visit.who, id_in_path(visit))
        return json_response({})


def fields_sent(
    told: Any, entry: TypeEntry, names: Mapping[int, str], *, least: int = 0, most: int
) -> dict[int, SubmittedField]:
    """Fields that were sent of a document, by position.

    Args:
        told: As it came.
        entry: The document's type.
        names: Of the document's fields, by position.
        least: How many there must be.
        most: How many there may be.

    Raises:
        InputInvalid: they are no such list, name no field, or one cannot be.
    """
    if not isinstance(told, list) or not least <= len(told) <= most:
        raise InputInvalid("fields")
    sent = {}
    for one in told:
        position = one.get("position") if isinstance(one, dict) else None
        if not isinstance(position, int) or position not in names:
            raise InputInvalid("fields")
        sent[position] = _sent_of(find_field_spec(entry, names[position]), one)
    return sent


def _sent_of(spec: FieldSpec, one: dict[str, Any]) -> SubmittedField:
    """One field that was sent.

    Raises:
        InputInvalid: neither a value that can be nor a reason; names the field.
    """
    value, reason = one.get("value"), one.get("reason")
    if not isinstance(value, str | None) or len(value or "") > typed.LONGEST:
        raise InputInvalid(spec.name)
    if not is_written(value or ""):
        raise InputInvalid(f"{spec.name} : un caractère ne s'écrit pas")
    if reason:
        try:
            known = KeyReason(reason)
        except ValueError:
            raise InputInvalid(spec.name) from None
        kept = value if known is KeyReason.WRONG_ON_PAPER else None
        return SubmittedField(KeyedValue(kept, known), seconds=seconds_of(one))
    found = typed.check_typed(spec, value or "", today())
    if found.problem or found.value is None:
        raise InputInvalid(f"{spec.name} : {found.problem}")
    return SubmittedField(KeyedValue(found.value), found.check, seconds_of(one))


def queue_of(visit: PageRequest) -> str:
    """The queue that is asked for.

    Raises:
        InputInvalid: there is none of that name.
    """
    queue = visit.text("queue", most=10)
    if queue not in lease_store.STATE_OF and queue != quality_store.QUEUE:
        raise InputInvalid("queue")
    return queue


def ids_of(visit: PageRequest, name: str) -> list[uuid.UUID]:
    """A list of ids.

    Raises:
        InputInvalid: it is none, or too long.
    """
    told = visit.content.get(name, [])
    if not isinstance(told, list) or len(told) > _MOST_HELD:
        raise InputInvalid(name)
    return [id_of(one) for one in told]


def seconds_of(content: Any) -> float | None:
    """How long a person took, as their page says."""
    value = content.get("seconds")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= _LONGEST_S else None


def due_on(received_on: dt.date, days: int) -> dt.date:
    """By when a document must be at its pôle."""
    return add_working_days(received_on, days, public_holidays([received_on]))


def today() -> dt.date:
    """The day in France; no date on paper lies after it."""
    return clock.day(dt.datetime.now(dt.UTC))


def id_of(text: object, name: str = "id") -> uuid.UUID:
    """An id that came in a request.

    Raises:
        InputInvalid: it is none.
    """
    try:
        return uuid.UUID(text) if isinstance(text, str) else uuid.UUID("")
    except ValueError:
        raise InputInvalid(name) from None


@dataclass(frozen=True, slots=True)
class _Done:
    """What an act did.

    ``remains`` is the document to show; None: it is done with. ``others`` are documents that it
    changed or made besides. ``is_decision``: it can be undone.
    """

    remains: uuid.UUID | None
    others: tuple[uuid.UUID, ...] = ()
    is_decision: bool = True


_Act = Callable[[PageRequest, uuid.UUID], _Done]


def register_page_acts(desk: Console) -> None:
    """Add the acts."""
    acts = _Acts(desk)
    desk.page("/api/documents/{id}/act", acts.act, roles=KEYERS, method="POST")


class _Acts:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine
        self._shown = DocumentPresenter(desk)
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

    def act(self, visit: PageRequest) -> Response:
        """Do one act.

        ``work`` is the document as it is now, null when it is done with; ``sent`` is what can be
        undone of it, and ``others`` what a page that holds them must load anew.
        """
        act = self._acts.get(visit.text("act", most=20))
        if act is None:
            raise InputInvalid("act")
        done = act(visit, id_in_path(visit))
        sent = sent_work_store.last(self._engine, visit.who, 1) if done.is_decision else []
        shown = None
        if done.remains is not None:
            shown = self._shown.work(visit.who, done.remains, "name")
        told = asdict(sent[0]) if sent else None
        return json_response({"work": shown, "sent": told, "others": done.others})

    def _turn(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        number = visit.number("page", 0)
        quarters = visit.number("quarters", 1, least=1, most=3)
        page_store.turn_page(self._engine, visit.who, wanted, number, quarters)
        return _Done(wanted, is_decision=False)

    def _blank(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        number, is_blank = visit.number("page", 0), visit.content.get("blank") is not False
        page_store.mark_blank(self._engine, visit.who, wanted, number, is_blank=is_blank)
        return _Done(wanted)

    def _split(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        lease_s = self._desk.config.console.lease_s
        number, new_id = visit.number("page", 0), uuid.UUID(str(uuid7()))
        page_store.split_document(self._engine, visit.who, wanted, number, new_id, lease_s)
        return _Done(wanted, (new_id,))

    def _join(self, visit: PageRequest, wanted: uuid.UUID, *, into_previous: bool) -> _Done:
        both = page_store.join_documents(
            self._engine, visit.who, wanted, into_previous=into_previous
        )
        others = tuple(one for one in both if one != wanted)
        return _Done(wanted if both[0] == wanted else None, others)

    def _duplicate(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        original = id_of(visit.text("original", most=36), "original")
        store_naming.discard_duplicate(self._engine, visit.who, wanted, original)
        return _Done(None)

    def _discard_blank(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        store_naming.discard_blank(self._engine, visit.who, wanted)
        return _Done(None)

    def _urgent(self, visit: PageRequest, wanted: uuid.UUID) -> _Done:
        store_naming.set_urgent(self._engine, visit.who, wanted)
        return _Done(wanted, is_decision=False)
