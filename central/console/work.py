"""The two queues as the pages ask for them: take, keep, leave, remember, act, send.

Every answer is JSON. A person's page holds the document that is shown and the one after it, so
that the next is there at once.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from central.console.asked import id_in_path
from central.console.desk import Desk, answer
from central.console.shown import Shown
from central.console.visit import Visit
from central.domain.access import Person, Role
from central.domain.clean import is_written
from central.domain.keying import Entry, KeyReason, spec_of
from central.errors import (
    AlreadyDelivered,
    DeliveryInDoubt,
    DeliveryUnderWay,
    InputInvalid,
    LeaseLost,
    NotFound,
)
from central.store import control_results, controls, leases, passing_on, sent_work, work
from central.store import keying as store_keying
from central.store import naming as store_naming
from central.store.keying import Sent
from central.store.passing_on import Way
from central.store.rescans import Sheet
from vaguemestre.model import clock, typed
from vaguemestre.model.calendar import add_working_days, public_holidays
from vaguemestre.model.catalogue import FieldSpec, TypeEntry

KEYERS = (Role.KEYER, Role.SUPERVISOR)
_MOST_HELD = 24
_MOST_DRAFT_BYTES = 65_536
_MOST_FIELDS = 500
_LONGEST_S = 86_400.0


def register(desk: Desk) -> None:
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
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._shown = Shown(desk)

    def naming(self, visit: Visit) -> Response:
        return self._index(visit, "naming.html")

    def keying(self, visit: Visit) -> Response:
        return self._index(visit, "keying.html")

    def controlling(self, visit: Visit) -> Response:
        return self._index(visit, "control.html")

    def _index(self, visit: Visit, template: str) -> Response:
        return self._desk.show(visit, template, keep_every_s=self._desk.keep_every_s)

    def types(self, _: Visit) -> Response:
        entries = self._desk.catalogue().types.values()
        return answer(
            {"types": [{"code": e.code, "title": e.title, "pole": e.pole} for e in entries]}
        )

    def take(self, visit: Visit) -> Response:
        """The next document of a queue, or one that the address names."""
        queue, held = queue_of(visit), ids_of(visit, "besides")
        lease_s = self._desk.config.console.lease_s
        if wanted := visit.text("id", most=36):
            found: uuid.UUID | None = id_of(wanted)
            if not self._take_this(visit.who, id_of(wanted), queue):
                raise LeaseLost(wanted)
        elif queue == controls.QUEUE:
            found = controls.take(self._desk.engine, visit.who, lease_s, besides=held)
        else:
            found = leases.take(
                self._desk.engine,
                visit.who,
                queue,
                lease_s,
                besides=held,
                is_ahead=visit.content.get("ahead") is True,
            )
        if found is None:
            return answer({"work": None})
        return answer({"work": self._shown.work(visit.who, found, queue)})

    def _take_this(self, person: Person, wanted: uuid.UUID, queue: str) -> bool:
        engine, lease_s = self._desk.engine, self._desk.config.console.lease_s
        if queue == controls.QUEUE:
            return controls.take_this(engine, person, wanted, lease_s)
        return leases.take_this(engine, person, wanted, queue, lease_s)

    def keep(self, visit: Visit) -> Response:
        """A page is still open; it hears which documents are still its own."""
        shown = visit.text("shown", most=36)
        kept = leases.keep(
            self._desk.engine,
            visit.who.id,
            ids_of(visit, "ids"),
            self._desk.config.console.lease_s,
            shown=id_of(shown) if shown else None,
        )
        return answer({"kept": kept})

    def leave(self, visit: Visit) -> Response:
        leases.let_go(self._desk.engine, visit.who.id, ids_of(visit, "ids"))
        return answer({})

    def draft(self, visit: Visit) -> Response:
        content = visit.content.get("content")
        if not isinstance(content, dict):
            raise InputInvalid("content")
        work.save_draft(
            self._desk.engine, visit.who.id, id_in_path(visit), queue_of(visit), content
        )
        return answer({})

    def name(self, visit: Visit) -> Response:
        """Say what a document is."""
        engine, wanted = self._desk.engine, id_in_path(visit)
        code = visit.text("type", most=100, needed=True)
        if code not in self._desk.catalogue().types:
            raise InputInvalid("type")
        document = work.facts(engine, visit.who, wanted, "name")
        entry = self._desk.catalogue.shipped.of(code, document["fund"])
        state = store_naming.name(
            engine,
            visit.who,
            wanted,
            entry,
            due_on=due_on(document["received_on"], entry.delay_days),
            seconds=seconds_of(visit.content),
            wait_s=self._desk.config.console.take_back_s,
        )
        return answer({"state": state.value})

    def key(self, visit: Visit) -> Response:
        """Send every field that was to key."""
        engine, wanted = self._desk.engine, id_in_path(visit)
        sent = self._sent(visit, wanted, "key")
        state = store_keying.submit(
            engine,
            visit.who,
            wanted,
            self._desk.catalogue().of,
            sent,
            self._desk.config.console.take_back_s,
        )
        return answer({"state": state.value})

    def control(self, visit: Visit) -> Response:
        """Send what was keyed blind for a control, or what an arbiter decided."""
        wanted = id_in_path(visit)
        sent = self._sent(visit, wanted, controls.QUEUE)
        state, sent_again = control_results.send(
            self._desk.engine, visit.who, wanted, self._desk.catalogue().of, sent
        )
        return answer({"state": state, "round": sent_again})

    def _sent(self, visit: Visit, wanted: uuid.UUID, queue: str) -> dict[int, Sent]:
        loaded = work.load(self._desk.engine, visit.who, wanted, queue)
        entry = self._desk.catalogue().of(loaded.document["type"], loaded.document["fund"])
        names = {field.position: field.name for field in loaded.fields}
        return fields_sent(visit.content.get("fields"), entry, names, most=_MOST_FIELDS)

    def check(self, visit: Visit) -> Response:
        """What the centre says of one value, before it is sent."""
        wanted = id_in_path(visit)
        leases.demand_held(self._desk.engine, visit.who.id, wanted)
        document = work.facts(self._desk.engine, visit.who, wanted, "key")
        entry = self._desk.catalogue().of(document["type"], document["fund"])
        spec = spec_of(entry, visit.text("name", most=100))
        found = typed.check_typed(spec, visit.text("value", most=typed.LONGEST), today())
        return answer({"value": found.value, "check": found.check, "problem": found.problem})

    def rescan(self, visit: Visit) -> Response:
        """Ask the station to scan a document again."""
        reason, queue = visit.text("reason", most=200, needed=True), queue_of(visit)
        wanted = id_in_path(visit)
        sheet = self._sheet(visit, wanted, queue)
        store_naming.rescan(self._desk.engine, visit.who, wanted, queue, reason, sheet)
        return answer({})

    def _sheet(self, visit: Visit, wanted: uuid.UUID, queue: str) -> Sheet:
        """Which sheet is meant: the page that the person was looking at, else the first."""
        loaded = work.load(self._desk.engine, visit.who, wanted, queue)
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

    def take_back(self, visit: Visit) -> Response:
        """Undo what somebody has just decided; of what a pôle has, with a reason."""
        reason, wanted = visit.text("reason", most=200), ids_of(visit, "ids")
        lease_s = self._desk.config.console.lease_s
        back, delivered, refused = [], [], []
        for one in wanted:
            try:
                found = sent_work.take_back(self._desk.engine, visit.who, one, lease_s, reason)
            except (AlreadyDelivered, DeliveryInDoubt, DeliveryUnderWay, LeaseLost) as error:
                why = error.hint or error.reason
                refused.append({"id": one, "reason": why, "is_over": error.permanent})
                continue
            if found.queue:
                told = {"id": found.document_id, "queue": found.queue, "others": found.others}
                back.append(told)
            else:
                delivered.append(one)
        return answer({"back": back, "delivered": delivered, "refused": refused})

    def receivers(self, visit: Visit) -> Response:
        """Who a document may be sent to."""
        row = work.facts(self._desk.engine, visit.who, id_in_path(visit), queue_of(visit))
        found = passing_on.receivers(self._desk.engine, visit.who, row["site"], row["pole"])
        return answer({"colleagues": [{"id": one.id, "name": one.name} for one in found]})

    def pass_on(self, visit: Visit) -> Response:
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
        return answer({})

    def last_sent(self, visit: Visit) -> Response:
        """What somebody decided last, so that a page that is loaded anew shows it."""
        found = sent_work.last(self._desk.engine, visit.who)
        return answer({"sent": [asdict(one) for one in found]})

    def to_naming(self, visit: Visit) -> Response:
        store_keying.back_to_naming(self._desk.engine, visit.who, id_in_path(visit))
        return answer({})


def fields_sent(
    told: Any, entry: TypeEntry, names: Mapping[int, str], *, least: int = 0, most: int
) -> dict[int, Sent]:
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
        sent[position] = _sent_of(spec_of(entry, names[position]), one)
    return sent


def _sent_of(spec: FieldSpec, one: dict[str, Any]) -> Sent:
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
        return Sent(Entry(kept, known), seconds=seconds_of(one))
    found = typed.check_typed(spec, value or "", today())
    if found.problem or found.value is None:
        raise InputInvalid(f"{spec.name} : {found.problem}")
    return Sent(Entry(found.value), found.check, seconds_of(one))


def queue_of(visit: Visit) -> str:
    """The queue that is asked for.

    Raises:
        InputInvalid: there is none of that name.
    """
    queue = visit.text("queue", most=10)
    if queue not in leases.STATE_OF and queue != controls.QUEUE:
        raise InputInvalid("queue")
    return queue


def ids_of(visit: Visit, name: str) -> list[uuid.UUID]:
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
